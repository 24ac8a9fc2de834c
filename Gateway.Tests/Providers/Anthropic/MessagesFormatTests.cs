using System.Text;
using Gateway.Transforms.Bodies;
using NUnit.Framework;

namespace Gateway.Tests.Providers.Anthropic;

/// <summary>Anthropic's own answers and streams, as the relay reads them.</summary>
public class MessagesFormatTests
{
    [Test]
    public void A_stream_is_read_event_by_event()
    {
        using var text = new PooledBuffer();
        using var scanner = new StreamScanner(text, format: AnswerFormat.Messages);
        scanner.Feed(Encoding.UTF8.GetBytes(ChatStreamTests.Tools));
        var (kinds, usages, withContent, finals) = (new List<EventKind>(), new List<(UsageTokens, bool)>(), 0, 0);
        while (scanner.TryNext(out var next))
        {
            kinds.Add(next.Kind);
            withContent += next.Facts.HasContent ? 1 : 0;
            if (next.Facts.HasUsage)
                usages.Add((next.Facts.Tokens, next.Facts.TokensAreOutputOnly));
            if (!next.Facts.IsFinal)
                continue;

            finals++;
            Assert.That(next.Facts.HasFinishReason);
            Assert.That(Encoding.UTF8.GetString(next.Facts.UsageValue.Of(next.Data)), Is.EqualTo("""{"output_tokens":89}"""));
        }

        Assert.That((kinds[^1], kinds.Count(static kind => kind is EventKind.Chunk), finals), Is.EqualTo((EventKind.Done, 21, 1)));
        Assert.That(usages[0], Is.EqualTo((new UsageTokens(500, 20, 8, 2, 0), false)), "the input side");
        Assert.That((usages[1].Item1.Output, usages[1].Item2), Is.EqualTo((89L, true)));
        Assert.That(scanner.ReportedModel, Is.EqualTo("claude-opus-4-5"));
        Assert.That(Encoding.UTF8.GetString(text.WrittenSpan), Is.EqualTo("Let me \"see\"Okay 😀 – let'sweb_search{\"query\":\"x\"}get_weather{\"location\": \"San Francisco, CA\"}now"));
        Assert.That(withContent, Is.EqualTo(9));
    }

    [Test]
    public void A_delta_that_repeats_the_input_replaces_it()
    {
        var kind = AnswerFormat.Messages.ReadEvent(
            """{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":9,"cache_read_input_tokens":4,"output_tokens":7}}"""u8, "message_delta"u8, out var facts, text: null);

        Assert.That((kind, facts.TokensAreOutputOnly, facts.Tokens), Is.EqualTo((EventKind.Chunk, false, new UsageTokens(13, 4, 0, 7, 0))));
    }

    [Test]
    public void The_gateways_members_go_into_the_usage_of_the_last_event_and_of_a_plain_answer()
    {
        using var output = new PooledBuffer();
        using var scanner = new StreamScanner(format: AnswerFormat.Messages);
        scanner.Feed("event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":7}}\n\n"u8);
        scanner.TryNext(out var last);
        ChunkRewrite.WithExtras(last, "\"cost\":1"u8, default, output);
        var reader = new AnswerReader(AnswerFormat.Messages);
        Assert.That(reader.TryRead("""{"id":"msg_1","type":"message","model":"m","content":[{"type":"text","text":"Hi"},{"type":"tool_use","id":"t","name":"f","input":{"a":1}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":2}}"""u8.ToArray()));
        using var answer = new PooledBuffer();
        AnswerSplice.Write(reader, "\"cost\":1"u8, "\"x\":2"u8, answer);
        using var text = new PooledBuffer();
        reader.AppendOutputText(text);

        Assert.That(Encoding.UTF8.GetString(output.WrittenSpan), Is.EqualTo("event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":7,\"cost\":1}}\n\n"));
        Assert.That(Encoding.UTF8.GetString(answer.WrittenSpan), Does.EndWith("\"usage\":{\"input_tokens\":1,\"output_tokens\":2,\"cost\":1},\"x\":2}"));
        Assert.That((reader.HasOutput, reader.HasFinishReason, reader.ReportedModel), Is.EqualTo((true, true, "m")));
        Assert.That(Encoding.UTF8.GetString(text.WrittenSpan), Is.EqualTo("Hif{\"a\":1}"));
    }

    [TestCase("""{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""", "error", EventKind.Error)]
    [TestCase("""{"type":"error"}""", "", EventKind.Error)]
    [TestCase("""{"message":"odd"}""", "error", EventKind.Error)]
    [TestCase("""{"type": "ping"}""", "ping", EventKind.Chunk)]
    [TestCase("""{"type":"something_new","x":[{}]}""", "something_new", EventKind.Chunk)]
    [TestCase("""{"type":"message_stop"}""", "message_stop", EventKind.Done)]
    [TestCase("""[DONE]""", "", EventKind.NotJson)]
    [TestCase("""{"type":"message_delta","usage":{"output_tokens":1}""", "", EventKind.NotJson)]
    public void Events_are_classified(string data, string name, EventKind kind)
    {
        var read = AnswerFormat.Messages.ReadEvent(Encoding.UTF8.GetBytes(data), Encoding.UTF8.GetBytes(name), out var facts, text: null);

        Assert.That(read, Is.EqualTo(kind));
        Assert.That((facts.HasContent, facts.HasUsage, facts.IsFinal), Is.EqualTo((false, false, false)));
    }
}
