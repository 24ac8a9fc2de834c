using System.Text;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Providers.Anthropic;
using NUnit.Framework;

namespace Gateway.Tests.Providers.Anthropic;

/// <summary>Anthropic's answers to chat clients.</summary>
public class ChatAnswerTests
{
    private readonly ChatOverMessages _translation = new();

    // https://platform.claude.com/docs/en/api/messages and …/agents-and-tools/tool-use/overview
    [Test]
    public void An_answer_with_thinking_text_and_tools_becomes_a_completion()
    {
        var json = Translated.Answer(_translation, """
            {"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929",
             "content":[{"type":"thinking","thinking":"Need \"data\".","signature":"Er=="},{"type":"text","text":"I'll look."},{"type":"text","text":" Wait."},
              {"type":"tool_use","id":"toolu_01A","name":"get_weather","input":{"location": "San Francisco, CA","n":1.50}}],
             "stop_reason":"tool_use","stop_sequence":null,
             "usage":{"input_tokens":12,"cache_creation_input_tokens":248,"cache_read_input_tokens":1800,"output_tokens":503,"service_tier":"standard"}}
            """);

        Assert.That(Translated.Same(json, """
            {"id":"chatcmpl-01XFDUDYJgAACzvnptvVoYEL","object":"chat.completion","created":1750000000,"model":"claude-sonnet-4-5-20250929",
             "choices":[{"index":0,"message":{"role":"assistant","content":"I'll look. Wait.",
               "tool_calls":[{"id":"toolu_01A","type":"function","function":{"name":"get_weather","arguments":"{\"location\": \"San Francisco, CA\",\"n\":1.50}"}}],
               "reasoning_content":"Need \"data\".","refusal":null},"logprobs":null,"finish_reason":"tool_calls"}],
             "usage":{"prompt_tokens":2060,"completion_tokens":503,"total_tokens":2563,
               "prompt_tokens_details":{"cached_tokens":1800,"cache_creation_tokens":248},"completion_tokens_details":{"reasoning_tokens":0}}}
            """), json?.ToJsonString());
    }

    [TestCase("end_turn", "stop")]
    [TestCase("max_tokens", "length")]
    [TestCase("stop_sequence", "stop")]
    [TestCase("tool_use", "tool_calls")]
    [TestCase("refusal", "content_filter")]
    [TestCase("pause_turn", "stop")]
    [TestCase("model_context_window_exceeded", "length")]
    [TestCase("something_new", "stop")]
    public void Every_stop_reason_has_a_finish_reason(string stopReason, string finishReason)
    {
        var json = Translated.Answer(_translation, $$"""{"id":"msg_1","content":[],"stop_reason":"{{stopReason}}"}""");

        Assert.That(json!["choices"]![0]!["finish_reason"]!.GetValue<string>(), Is.EqualTo(finishReason));
        Assert.That(json["choices"]![0]!["message"]!["content"]!.GetValue<string>(), Is.Empty);
        Assert.That(json["usage"], Is.Null, "none is made up");
    }

    [TestCase("""{"input_tokens":10,"output_tokens":5}""", 10, 0, 0, 5, 0)]
    [TestCase("""{"input_tokens":10,"cache_read_input_tokens":null,"cache_creation_input_tokens":null,"output_tokens":5}""", 10, 0, 0, 5, 0)]
    [TestCase("""{"input_tokens":0,"cache_read_input_tokens":7,"cache_creation_input_tokens":3,"output_tokens":0}""", 10, 7, 3, 0, 0)]
    [TestCase("""{"input_tokens":1,"output_tokens":25848,"output_tokens_details":{"thinking_tokens":25636}}""", 1, 0, 0, 25848, 25636)]
    [TestCase("""{"input_tokens":"10","output_tokens":5}""", -1, 0, 0, 5, 0)]
    [TestCase("""{"input_tokens":10,"output_tokens":-5}""", 10, 0, 0, -1, 0)]
    [TestCase("""{"input_tokens":10.5,"output_tokens":5}""", -1, 0, 0, 5, 0)]
    [TestCase("""{"output_tokens":5}""", -1, 0, 0, 5, 0)]
    [TestCase("""{"input_tokens":10}""", 10, 0, 0, -1, 0)]
    [TestCase("""{"input_tokens":10,"cache_read_input_tokens":-3,"output_tokens":5}""", -1, -1, 0, 5, 0)]
    [TestCase("""{"input_tokens":10,"cache_creation_input_tokens":[],"output_tokens":5}""", -1, 0, -1, 5, 0)]
    [TestCase("""{"input_tokens":9223372036854775807,"cache_read_input_tokens":1,"output_tokens":5}""", -1, 1, 0, 5, 0)]
    [TestCase("""{}""", -1, 0, 0, -1, 0)]
    public void Usage_says_the_same_natively_and_translated_and_what_is_wrong_stays_wrong(string usage, long input, long cached, long write, long output, long reasoning)
    {
        var expected = new UsageTokens(input, cached, write, output, reasoning);
        var answer = $$"""{"id":"msg_1","model":"m","content":[{"type":"text","text":"a"}],"stop_reason":"end_turn","usage":{{usage}}}""";
        var native = new AnswerReader(AnswerFormat.Messages);
        var translated = new AnswerReader();

        Assert.That(native.TryRead(Encoding.UTF8.GetBytes(answer)));
        Assert.That(translated.TryRead(Encoding.UTF8.GetBytes(Translated.Answer(_translation, answer)!.ToJsonString())));

        Assert.That(native.Tokens, Is.EqualTo(expected));
        Assert.That(translated.HasUsage);
        Assert.That(translated.Tokens.IsSound, Is.EqualTo(expected.IsSound));
        Assert.That(translated.Tokens, Is.EqualTo(expected));
    }

    [Test]
    public void An_error_keeps_its_message()
    {
        const string error = """{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: 9 > 8"},"request_id":"req_011"}""";

        Assert.That(Translated.Same(Translated.Error(_translation, error, 400), """{"error":{"message":"max_tokens: 9 > 8","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}"""));
        Assert.That(Translated.Answer(_translation, error)!["error"]!["message"]!.GetValue<string>(), Is.EqualTo("max_tokens: 9 > 8"), "under status 200 too");
        Assert.That(Translated.Error(_translation, """{"error":{}}""", 400), Is.Null);
        Assert.That(Translated.Error(_translation, "<html>", 400), Is.Null);
    }

    [TestCase("")]
    [TestCase("[]")]
    [TestCase("<html>")]
    [TestCase("""{"choices":[]}""")]
    [TestCase("""{"content":"text"}""")]
    [TestCase("""{"content":[]} trailing""")]
    public void What_is_no_message_is_no_answer(string answer) => Assert.That(Translated.Answer(_translation, answer), Is.Null);
}
