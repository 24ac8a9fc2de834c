using Gateway.Transforms.Providers.Anthropic;
using NUnit.Framework;

namespace Gateway.Tests.Providers.Anthropic;

/// <summary>Chat completions, as the gateway relays them, to Anthropic's clients.</summary>
public class MessagesAnswerTests
{
    private readonly MessagesOverChat _translation = new();

    [Test]
    public void A_completion_with_reasoning_text_and_calls_becomes_a_message_with_what_it_cost()
    {
        var json = Translated.Answer(_translation, """
            {"id":"chatcmpl-AbC","object":"chat.completion","created":1,"model":"gpt-5-mini",
             "choices":[{"index":0,"message":{"role":"assistant","content":"Look \"here\"","reasoning_content":"hm","refusal":null,
               "tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\": 1.0}"}},{"type":"function","function":{"name":"g","arguments":""}},
                 {"id":"call.3","type":"function","function":{"name":"h","arguments":"{\"a\":"}}]},"finish_reason":"tool_calls"}],
             "usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_tokens_details":{"cached_tokens":60,"cache_creation_tokens":10},
               "cost":0.000123,"cost_currency":"CREDIT","paid_by":[{"bucket":"b","kind":"credit","amount":0.000123}]}}
            """);

        Assert.That(Translated.Same(json, """
            {"id":"msg_AbC","type":"message","role":"assistant","model":"gpt-5-mini",
             "content":[{"type":"thinking","thinking":"hm","signature":""},{"type":"text","text":"Look \"here\""},
               {"type":"tool_use","id":"call_1","name":"f","input":{"a": 1.0}},
               {"type":"tool_use","id":"toolu_ul_01977420dc00700080000000000000ab_1","name":"g","input":{}},
               {"type":"tool_use","id":"call_3","name":"h","input":{"arguments":"{\"a\":"}}],
             "stop_reason":"tool_use","stop_sequence":null,
             "usage":{"input_tokens":30,"cache_creation_input_tokens":10,"cache_read_input_tokens":60,"output_tokens":20,
               "cost":0.000123,"cost_currency":"CREDIT","paid_by":[{"bucket":"b","kind":"credit","amount":0.000123}]}}
            """), json?.ToJsonString());
    }

    [TestCase("stop", "end_turn")]
    [TestCase("length", "max_tokens")]
    [TestCase("tool_calls", "tool_use")]
    [TestCase("function_call", "tool_use")]
    [TestCase("content_filter", "refusal")]
    [TestCase("something_new", "end_turn")]
    public void Every_finish_reason_has_a_stop_reason(string finishReason, string stopReason)
    {
        var json = Translated.Answer(_translation, $$"""{"choices":[{"message":{"role":"assistant","content":null},"finish_reason":"{{finishReason}}"}]}""");

        Assert.That(json!["stop_reason"]!.GetValue<string>(), Is.EqualTo(stopReason));
        Assert.That(json["content"]!.AsArray(), Is.Empty);
    }

    [Test]
    public void Usage_that_contradicts_itself_is_not_subtracted()
    {
        var json = Translated.Answer(_translation, """{"choices":[{"message":{"content":"a"}}],"usage":{"prompt_tokens":5,"completion_tokens":"7","prompt_tokens_details":{"cached_tokens":9}}}""");

        Assert.That(json!["usage"]!.ToJsonString(), Is.EqualTo("""{"input_tokens":5,"cache_creation_input_tokens":0,"cache_read_input_tokens":9,"output_tokens":-1}"""));
    }

    [TestCase("""{"error":{"message":"No such model","type":"invalid_request_error","param":"model","code":"model_not_found"}}""", 404, """{"type":"error","error":{"type":"not_found_error","message":"No such model","code":"model_not_found"}}""")]
    [TestCase("""{"error":{"message":"Too long","type":"invalid_request_error","code":null}}""", 413, """{"type":"error","error":{"type":"request_too_large","message":"Too long"}}""")]
    [TestCase("""{"error":"plain"}""", 400, null)]
    [TestCase("""<html>""", 400, null)]
    public void An_error_keeps_its_message(string error, int status, string? expected) =>
        Assert.That(Translated.Error(_translation, error, status)?.ToJsonString(), Is.EqualTo(expected));

    [TestCase("")]
    [TestCase("[]")]
    [TestCase("<html>")]
    [TestCase("""{"choices":[]} trailing""")]
    public void What_is_no_object_is_no_answer(string answer) => Assert.That(Translated.Answer(_translation, answer), Is.Null);

    // The gateway has read and settled it by then: its client gets what there is.
    [TestCase("""{"id":"chatcmpl-1","choices":[]}""")]
    [TestCase("""{"id":"chatcmpl-1","choices":[7]}""")]
    [TestCase("""{"id":"chatcmpl-1"}""")]
    public void A_completion_without_a_choice_is_a_message_without_content(string answer)
    {
        var json = Translated.Answer(_translation, answer)!;

        Assert.That((json["id"]!.GetValue<string>(), json["content"]!.AsArray().Count), Is.EqualTo(("msg_1", 0)));
    }
}
