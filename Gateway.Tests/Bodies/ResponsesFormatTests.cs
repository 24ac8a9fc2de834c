using System.Text;
using System.Text.Json.Nodes;
using Gateway.Transforms.Bodies;
using NUnit.Framework;

namespace Gateway.Tests.Bodies;

/// <remarks>Samples after https://platform.openai.com/docs/api-reference/responses/object and https://platform.openai.com/docs/api-reference/responses-streaming.</remarks>
public class ResponsesFormatTests
{
    private const string Usage =
        """{"input_tokens":36,"input_tokens_details":{"cached_tokens":12},"output_tokens":87,"output_tokens_details":{"reasoning_tokens":64},"total_tokens":123}""";

    private const string Output = """
        [{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"think"}]},
        {"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"h\u0069","annotations":[]},{"type":"refusal","refusal":"no"}]},
        {"type":"function_call","id":"fc_1","call_id":"call_1","name":"f","arguments":"{}","status":"completed"}]
        """;

    [Test]
    public void An_answer_is_read()
    {
        var answer = Read($$"""{"id":"resp_1","object":"response","status":"completed","error":null,"model":"gpt-5","output":{{Output}},"usage":{{Usage}}}""");
        using var text = new PooledBuffer();
        answer.AppendOutputText(text);

        Assert.Multiple(() =>
        {
            Assert.That(answer.Tokens, Is.EqualTo(new UsageTokens(36, 12, 0, 87, 64)));
            Assert.That((answer.HasOutput, answer.HasFinishReason, answer.HasError, answer.Facts.ChoicesEmpty), Is.EqualTo((true, true, false, false)));
            Assert.That((answer.ReportedModel, Text(answer, answer.Facts.Id)), Is.EqualTo(("gpt-5", "\"resp_1\"")));
            Assert.That(Text(answer, answer.FirstContent), Is.EqualTo("\"h\\u0069\""));
            Assert.That(Encoding.UTF8.GetString(text.WrittenSpan), Is.EqualTo("thinkhinof{}"));
        });
    }

    [TestCase("completed", "[]", false, true, false)]
    [TestCase("incomplete", "[]", false, true, false)]
    [TestCase("failed", "[]", false, false, true)]
    [TestCase("in_progress", "[]", false, false, false)]
    [TestCase("completed", """[{"type":"reasoning","summary":[]}]""", false, true, false)]
    [TestCase("completed", """[{"type":"message","content":[{"type":"output_text","text":""}]}]""", false, true, false)]
    [TestCase("completed", """[{"type":"message","content":[{"type":"output_text","text":"x"}]}]""", true, true, false)]
    [TestCase("completed", """[{"type":"function_call","name":"f","arguments":""}]""", true, true, false)]
    [TestCase("completed", """[{"type":"web_search_call","status":"completed"}]""", true, true, false)]
    public void Output_status_and_error_are_told_apart(string status, string output, bool hasOutput, bool finished, bool failed)
    {
        var answer = Read($$"""{"status":"{{status}}","error":null,"output":{{output}}}""");

        Assert.That((answer.HasOutput, answer.HasFinishReason, answer.HasError), Is.EqualTo((hasOutput, finished, failed)));
    }

    [Test]
    public void A_stream_is_read_and_its_last_event_repeats_nothing()
    {
        using var text = new PooledBuffer();
        using var scanner = new StreamScanner(text, format: AnswerFormat.Responses);
        scanner.Feed(Encoding.UTF8.GetBytes(string.Concat(
            Event("response.created", """ "response":{"id":"resp_1","status":"in_progress","model":"gpt-5","output":[],"usage":null} """),
            Event("response.output_item.added", """ "item":{"type":"message","content":[]} """),
            Event("response.reasoning_summary_text.delta", """ "delta":"why" """),
            Event("response.output_text.delta", """ "delta":"h\u0069" """),
            Event("response.output_text.done", """ "text":"hi" """),
            Event("response.output_item.added", """ "item":{"type":"function_call","name":"f","arguments":""} """),
            Event("response.function_call_arguments.delta", """ "delta":"{}" """),
            Event("response.output_item.done", """ "item":{"type":"function_call","name":"f","arguments":"{}"} """),
            Event("response.completed", $$""" "response":{"id":"resp_1","status":"completed","model":"gpt-5","output":{{Output.ReplaceLineEndings("")}},"usage":{{Usage}}} """))));
        scanner.Complete();

        var kinds = new List<string>();
        while (scanner.TryNext(out var next))
        {
            var facts = next.Facts;
            kinds.Add($"{next.Kind} {(facts.HasContent ? "content " : "")}{(facts.IsFinal ? "final " : "")}{(facts.HasUsage ? facts.Tokens.Output : 0)}");
            if (facts.EndsStream)
                Assert.That(Encoding.UTF8.GetString(facts.Id.Of(next.Data)), Is.EqualTo("\"resp_1\""));
        }

        Assert.That(kinds, Is.EqualTo(new[]
        {
            "Chunk 0", "Chunk 0", "Chunk content 0", "Chunk content 0", "Chunk 0", "Chunk content 0", "Chunk content 0", "Chunk content 0", "Chunk content final 87",
        }));
        Assert.That((Encoding.UTF8.GetString(text.WrittenSpan), scanner.ReportedModel), Is.EqualTo(("whyhif{}", "gpt-5")));
    }

    [TestCase("""{"type":"response.failed","response":{"id":"r","status":"failed","error":{"code":"server_error","message":"no"},"output":[]}}""", """{"code":"server_error","message":"no"}""")]
    [TestCase("""{"type":"response.failed","response":{"id":"r","error":null}}""", """{"id":"r","error":null}""")]
    [TestCase("""{"type":"error","code":"x","message":"no","sequence_number":3}""", """{"type":"error","code":"x","message":"no","sequence_number":3}""")]
    [TestCase("""{"error":{"message":"no"}}""", """{"message":"no"}""")]
    public void A_failure_is_an_error_with_its_cause(string data, string cause)
    {
        using var scanner = new StreamScanner(format: AnswerFormat.Responses);
        scanner.Feed(Encoding.UTF8.GetBytes($"data: {data}\n\n"));

        Assert.That(scanner.TryNext(out var next));
        Assert.That((next.Kind, next.Facts.HasError, next.Facts.IsFinal), Is.EqualTo((EventKind.Error, true, false)));
        Assert.That(Encoding.UTF8.GetString(next.Facts.Error.Of(next.Data)), Is.EqualTo(cause));
    }

    [Test]
    public void Done_is_taken_from_those_who_send_it_and_other_data_is_refused()
    {
        using var scanner = new StreamScanner(format: AnswerFormat.Responses);
        scanner.Feed("data: [DONE]\n\ndata: [1]\n\n"u8);

        Assert.That(scanner.TryNext(out var done) && done.Kind is EventKind.Done);
        Assert.That(scanner.TryNext(out var odd) && odd.Kind is EventKind.NotJson);
        Assert.That(AnswerFormat.Responses.Terminator.IsEmpty);
    }

    [TestCase("""{"id":"r","usage":{"input_tokens":1,"output_tokens":2}}""", """{"id":"r","usage":{"input_tokens":1,"output_tokens":2,"cost":5},"pack":null}""")]
    [TestCase("""{"id":"r","usage":null}""", """{"id":"r","usage":{"cost":5},"pack":null}""")]
    [TestCase("""{"id":"r"}""", """{"id":"r","usage":{"cost":5},"pack":null}""")]
    [TestCase("""{"usage":{}}""", """{"usage":{"cost":5},"pack":null}""")]
    public void The_last_event_takes_our_members_inside_of_its_response(string response, string spliced)
    {
        using var scanner = new StreamScanner(format: AnswerFormat.Responses);
        scanner.Feed(Encoding.UTF8.GetBytes($$"""data: {"type":"response.completed","response":{{response}},"sequence_number":9}{{"\n\n"}}"""));
        Assert.That(scanner.TryNext(out var last));
        using var output = new PooledBuffer();

        ChunkRewrite.WithExtras(last, "\"cost\":5"u8, "\"pack\":null"u8, output);

        Assert.That(Encoding.UTF8.GetString(output.WrittenSpan), Is.EqualTo($$"""data: {"type":"response.completed","response":{{spliced}},"sequence_number":9}{{"\n\n"}}"""));
        Assert.That(JsonNode.Parse(output.WrittenSpan[6..])!["response"]!["usage"]!["cost"]!.GetValue<int>(), Is.EqualTo(5));
    }

    private static string Event(string type, string members) => $$"""event: {{type}}{{"\n"}}data: {"type":"{{type}}",{{members}}}{{"\n\n"}}""";

    private static AnswerReader Read(string json)
    {
        var answer = new AnswerReader(AnswerFormat.Responses);
        Assert.That(answer.TryRead(Encoding.UTF8.GetBytes(json)));
        return answer;
    }

    private static string Text(AnswerReader answer, ByteRange range) => Encoding.UTF8.GetString(range.Of(answer.Body.Span));
}
