using System.Text;
using System.Text.Json.Nodes;
using Gateway.Tests.Bodies;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Providers.Gemini;
using NUnit.Framework;

namespace Gateway.Tests.Providers;

/// <summary>Answers as https://ai.google.dev/api/generate-content describes and https://ai.google.dev/gemini-api/docs/thinking shows them.</summary>
public sealed class ChatOverGeminiAnswerTests
{
    private const string Answer = """
        {
          "candidates": [
            {
              "content": { "parts": [ { "text": "Think \u00e9.", "thought": true }, { "text": "Hel" }, { "text": "lo \"you\"\n" } ], "role": "model" },
              "finishReason": "STOP",
              "index": 0,
              "safetyRatings": [ { "category": "HARM_CATEGORY_HARASSMENT", "probability": "NEGLIGIBLE" } ]
            }
          ],
          "usageMetadata": {
            "promptTokenCount": 30, "cachedContentTokenCount": 10, "candidatesTokenCount": 7, "thoughtsTokenCount": 5, "toolUsePromptTokenCount": 2, "totalTokenCount": 44,
            "promptTokensDetails": [ { "modality": "TEXT", "tokenCount": 30 } ]
          },
          "modelVersion": "gemini-2.5-flash",
          "responseId": "mAitaLmkHPPlz7IPvtfUqQ4"
        }
        """;

    private static readonly ChatOverGemini Translation = new();

    [Test]
    public void A_candidate_becomes_a_choice()
    {
        var answer = JsonNode.Parse(Translated.Answer(Translation, Answer)!)!;

        Assert.That(JsonNode.DeepEquals(answer, JsonNode.Parse("""
            {"id":"mAitaLmkHPPlz7IPvtfUqQ4","object":"chat.completion","created":1720989032,"model":"gemini-2.5-flash",
             "choices":[{"index":0,"message":{"role":"assistant","content":"Hello \"you\"\n","reasoning_content":"Think é."},"finish_reason":"stop"}],
             "usage":{"prompt_tokens":32,"completion_tokens":12,"total_tokens":44,"prompt_tokens_details":{"cached_tokens":10},"completion_tokens_details":{"reasoning_tokens":5}}}
            """)), Is.True, answer.ToJsonString());
    }

    [Test]
    public void The_gateway_reads_what_was_written()
    {
        var reader = new AnswerReader();

        Assert.That(reader.TryRead(Encoding.UTF8.GetBytes(Translated.Answer(Translation, Answer)!)));
        Assert.That((reader.Tokens, reader.ReportedModel, reader.HasFinishReason, reader.HasOutput), Is.EqualTo((new UsageTokens(32, 10, 0, 12, 5), "gemini-2.5-flash", true, true)));
    }

    [Test]
    public void A_function_call_becomes_a_tool_call_with_the_same_id_each_time()
    {
        const string Call = """
            {"candidates":[{"content":{"parts":[{"functionCall":{"name":"weather","args":{ "city": "Par\"is \\ \u00e9", "days": 1.50 }},"thoughtSignature":"c2ln"},
            {"functionCall":{"name":"now"}},{"functionCall":{"id":"xyz","name":"now","args":{}}}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3}}
            """;
        var written = Translated.Answer(Translation, Call)!;
        var again = Translated.Answer(Translation, Call);
        var choice = JsonNode.Parse(written)!["choices"]![0]!;

        Assert.That((string?)choice["finish_reason"], Is.EqualTo("tool_calls"));
        Assert.That(choice["message"]!["content"], Is.Null);
        var calls = choice["message"]!["tool_calls"]!.AsArray();
        Assert.That(calls.Select(call => (string?)call!["function"]!["arguments"]), Is.EqualTo(new[] { """{"city":"Par\"is \\ \u00e9","days":1.50}""", "{}", "{}" }));
        Assert.That(calls.Select(call => (string?)call!["id"]), Is.EqualTo(new[] { "call_a1c47d3e8f5a6b7c8d9e0f12_0", "call_a1c47d3e8f5a6b7c8d9e0f12_1", "xyz" }));
        Assert.That((string?)calls[0]!["extra_content"]!["google"]!["thought_signature"], Is.EqualTo("c2ln"));
        Assert.That(again, Is.EqualTo(written));
    }

    [Test]
    public void A_tool_call_comes_back_as_the_function_call_that_it_was()
    {
        const string Args = """{"a":{"b":[1.0,"\"x\"","\\"]},"c":"\u00e9\n"}""";
        var answer = JsonNode.Parse(Translated.Answer(
            Translation, $$$"""{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{{{Args}}}},"thoughtSignature":"c2ln"}]},"finishReason":"STOP"}]}""")!)!;
        var message = answer["choices"]![0]!["message"]!.ToJsonString();

        var request = Translated.TryRequest(Translation, $$"""{"model":"m","messages":[{"role":"user","content":"?"},{{message}}]}""", target: null, out var error);

        Assert.That(request, Does.Contain($$""" "args":{{Args}}}""".Trim()).And.Contain("\"thoughtSignature\":\"c2ln\""), error.Message);
    }

    [TestCase("STOP", "stop")]
    [TestCase("MAX_TOKENS", "length")]
    [TestCase("SAFETY", "content_filter")]
    [TestCase("RECITATION", "content_filter")]
    [TestCase("BLOCKLIST", "content_filter")]
    [TestCase("PROHIBITED_CONTENT", "content_filter")]
    [TestCase("SPII", "content_filter")]
    [TestCase("LANGUAGE", "stop")]
    [TestCase("MALFORMED_FUNCTION_CALL", "stop")]
    [TestCase("SOMETHING_NEW", "stop")]
    public void Reasons_have_words(string reason, string expected)
    {
        var answer = JsonNode.Parse(Translated.Answer(Translation, $$"""{"candidates":[{"finishReason":"{{reason}}"}]}""")!)!;

        Assert.That(((string?)answer["choices"]![0]!["finish_reason"], (string?)answer["choices"]![0]!["message"]!["content"]), Is.EqualTo((expected, "")));
    }

    [Test]
    public void A_refused_prompt_is_a_filtered_choice_that_is_paid_for()
    {
        var answer = JsonNode.Parse(Translated.Answer(
            Translation, """{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":9,"totalTokenCount":9},"modelVersion":"g"}""")!)!;

        Assert.That((string?)answer["choices"]![0]!["finish_reason"], Is.EqualTo("content_filter"));
        Assert.That(((long)answer["usage"]!["prompt_tokens"]!, (long)answer["usage"]!["completion_tokens"]!), Is.EqualTo((9L, 0L)));
    }

    // Input, cached, output, reasoning as the ledger's reader sees them.
    [TestCase("""{"promptTokenCount":10,"candidatesTokenCount":2}""", 10, 0, 2, 0)]
    [TestCase("""{"promptTokenCount":10}""", 10, 0, 0, 0)]
    [TestCase("""{"promptTokenCount":10,"thoughtsTokenCount":4}""", 10, 0, 4, 4)]
    [TestCase("""{"promptTokenCount":10,"cachedContentTokenCount":4,"candidatesTokenCount":1}""", 10, 4, 1, 0)]
    [TestCase("""{"promptTokenCount":10,"toolUsePromptTokenCount":4,"candidatesTokenCount":1}""", 14, 0, 1, 0)]
    [TestCase("""{"promptTokenCount":"10","candidatesTokenCount":2}""", -1, 0, 2, 0)]
    [TestCase("""{"promptTokenCount":-10,"candidatesTokenCount":2}""", -1, 0, 2, 0)]
    [TestCase("""{"promptTokenCount":10,"candidatesTokenCount":2.5}""", 10, 0, -1, 0)]
    [TestCase("""{"promptTokenCount":10,"candidatesTokenCount":2,"thoughtsTokenCount":"1"}""", 10, 0, -1, -1)]
    [TestCase("""{"promptTokenCount":10,"candidatesTokenCount":2,"toolUsePromptTokenCount":[1]}""", -1, 0, 2, 0)]
    [TestCase("""{"promptTokenCount":10,"candidatesTokenCount":9223372036854775807,"thoughtsTokenCount":1}""", 10, 0, -1, 1)]
    [TestCase("""{"promptTokenCount":10,"candidatesTokenCount":92233720368547758070}""", 10, 0, -1, 0)]
    [TestCase("""{"candidatesTokenCount":2}""", -1, 0, 2, 0)]
    [TestCase("""{"promptTokenCount":10,"cachedContentTokenCount":true}""", 10, -1, 0, 0)]
    [TestCase("\"much\"", -1, 0, -1, 0)]
    public void Usage_says_the_same_and_what_is_no_count_is_never_0(string usage, long input, long cached, long output, long reasoning)
    {
        var reader = new AnswerReader();
        reader.TryRead(Encoding.UTF8.GetBytes(Translated.Answer(Translation, $$"""{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{{usage}}}""")!));

        Assert.That(reader.Tokens, Is.EqualTo(new UsageTokens(input, cached, 0, output, reasoning)));
    }

    [TestCase("")]
    [TestCase("<html>busy</html>")]
    [TestCase("[]")]
    [TestCase("null")]
    [TestCase("{}")]
    [TestCase("{\"candidates\":[]}")]
    [TestCase("{\"candidates\":{}}")]
    [TestCase("{\"candidates\":[1]}")]
    [TestCase("{\"candidates\":[{\"index\":16}]}")]
    [TestCase("{\"candidates\":[{\"index\":-1}]}")]
    [TestCase("{\"candidates\":[{\"index\":1},{\"index\":1}]}")]
    [TestCase("{\"candidates\":[{}]}{}")]
    [TestCase("{\"candidates\":[{}]")]
    [TestCase("{\"candidates\":[{}],\"error\":{\"message\":\"no\"}}")]
    [TestCase("{\"choices\":[{\"message\":{\"content\":\"x\"}}]}")]
    public void What_is_no_answer_of_this_API_is_refused(string answer) => Assert.That(Translated.Answer(Translation, answer), Is.Null);

    [Test]
    public void Half_a_letter_is_refused() => Assert.That(Translated.Answer(Translation, [.. "{\"candidates\":[{\"x\":\""u8, 0xC3, .. "\"}]}"u8]), Is.Null);

    [TestCase("""{"error":{"code":400,"message":"API key not \"valid\".","status":"INVALID_ARGUMENT","details":[{"@type":"x"}]}}""", 400, "invalid_request_error", "INVALID_ARGUMENT")]
    [TestCase("""[{"error":{"code":404,"message":"API key not \"valid\"."}}]""", 404, "invalid_request_error", null)]
    [TestCase("""{"error":{"code":429,"message":"API key not \"valid\".","status":"RESOURCE_EXHAUSTED"}}""", 429, "rate_limit_error", "RESOURCE_EXHAUSTED")]
    public void An_error_is_told_in_the_shape_of_OpenAI(string error, int status, string type, string? code)
    {
        var written = JsonNode.Parse(Translated.Error(Translation, error, status)!)!["error"]!;

        Assert.That(
            ((string?)written["message"], (string?)written["type"], (string?)written["code"]), Is.EqualTo(("API key not \"valid\".", type, code)));
    }

    [TestCase("")]
    [TestCase("<html>")]
    [TestCase("{}")]
    [TestCase("[]")]
    [TestCase("[[]]")]
    [TestCase("{\"error\":null}")]
    [TestCase("{\"error\":{\"message\":1}}")]
    [TestCase("{\"error\":{\"message\":\"x\"")]
    public void An_error_without_a_message_is_none(string error) => Assert.That(Translated.Error(Translation, error, 400), Is.Null);

    [Test]
    public void Answers_of_any_shape_are_written_as_JSON_or_refused()
    {
        var written = 0;
        for (var seed = 0; seed < 5_000; seed++)
        {
            var json = new RandomJson(seed);
            string Odd(string usual) => json.Random.Next(8) == 0 ? json.Value() : usual;
            var part = json.Random.Next(3) switch
            {
                0 => json.Object([("text", Odd(json.Text()))]),
                1 => json.Object([("text", Odd(json.Text())), ("thought", Odd("true"))]),
                _ => json.Object([("functionCall", Odd(json.Object([("name", Odd("\"f\"")), ("args", Odd(json.Object([("a", json.Value())])))])))]),
            };
            var candidate = json.Object([("content", Odd(json.Object([("parts", Odd("[" + part + "]"))]))), ("finishReason", Odd("\"STOP\"")), ("index", Odd("0"))]);
            var usage = json.Object([("promptTokenCount", Odd("5")), ("candidatesTokenCount", Odd("5"))]);
            var body = json.Object([("candidates", Odd("[" + candidate + "]")), ("usageMetadata", Odd(usage)), ("modelVersion", Odd("\"m\"")), ("responseId", Odd("\"i\""))]);

            var answer = Translated.Answer(Translation, body);

            if (answer is not null)
                Assert.That(new AnswerReader().TryRead(Encoding.UTF8.GetBytes(answer)), Is.True, answer);
            written += answer is null ? 0 : 1;
        }

        Assert.That(written, Is.GreaterThan(3_000));
    }
}
