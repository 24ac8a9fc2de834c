using System.Text.Json.Nodes;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Providers.Anthropic;
using NUnit.Framework;

namespace Gateway.Tests.Providers.Anthropic;

/// <summary>Chat requests that go to Anthropic: https://platform.claude.com/docs/en/api/messages.</summary>
public class ChatRequestTests
{
    private const string Hi = """[{"role":"user","content":"Hi"}]""";

    private readonly ChatOverMessages _translation = new();

    [Test]
    public void A_conversation_with_tools_becomes_alternating_messages_of_blocks()
    {
        var json = Written("""
            {"model":"anthropic/claude","messages":[
              {"role":"system","content":"Be brief."},
              {"role":"user","content":"Weather in Paris and Rome?"},
              {"role":"assistant","content":"Looking.","tool_calls":[
                {"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Paris\", \"days\": 1.0}"}},
                {"id":"call_2","type":"function","function":{"name":"weather","arguments":""}}]},
              {"role":"tool","tool_call_id":"call_1","content":"12 °C"},
              {"role":"tool","tool_call_id":"call_2","content":[{"type":"text","text":"18 °C"}]},
              {"role":"user","content":"Thanks."},
              {"role":"developer","content":[{"type":"text","text":"Use °C."}]}],
             "temperature":0.50,"top_p":0.9,"stop":"END","user":"u-1"}
            """);

        Assert.That(Translated.Same(json, """
            {"model":"claude-sonnet-4-5","max_tokens":8192,"temperature":0.50,"top_p":0.9,"stop_sequences":["END"],
             "messages":[
              {"role":"user","content":[{"type":"text","text":"Weather in Paris and Rome?"}]},
              {"role":"assistant","content":[{"type":"text","text":"Looking."},
                {"type":"tool_use","id":"call_1","name":"weather","input":{"city": "Paris", "days": 1.0}},
                {"type":"tool_use","id":"call_2","name":"weather","input":{}}]},
              {"role":"user","content":[
                {"type":"tool_result","tool_use_id":"call_1","content":"12 °C"},
                {"type":"tool_result","tool_use_id":"call_2","content":[{"type":"text","text":"18 °C"}]},
                {"type":"text","text":"Thanks."}]}],
             "system":[{"type":"text","text":"Be brief."},{"type":"text","text":"Use °C."}],
             "metadata":{"user_id":"u-1"}}
            """), json.ToJsonString());
        Assert.That(json.ToJsonString(), Does.Contain("0.50").And.Contain("1.0"), "numbers keep their spelling");
    }

    [Test]
    public void Images_and_files_become_sources_whether_or_not_slashes_are_escaped()
    {
        var json = Written("""
            {"model":"m","messages":[{"role":"user","content":[
              {"type":"image_url","image_url":{"url":"data:image\/png;base64,iVBOR\/+=="}},
              {"type":"image_url","image_url":{"url":"https://example.com/a.jpg","detail":"low"},"cache_control":{"type":"ephemeral"}},
              {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0="}}]}]}
            """);

        Assert.That(Translated.Same(json["messages"]![0]!["content"], """
            [{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBOR/+=="}},
             {"type":"image","source":{"type":"url","url":"https://example.com/a.jpg"},"cache_control":{"type":"ephemeral"}},
             {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}}]
            """), json.ToJsonString());
    }

    [Test]
    public void Marks_for_the_prompt_cache_pass_through()
    {
        var json = Written("""
            {"model":"m","messages":[
              {"role":"system","content":[{"type":"text","text":"Long.","cache_control":{"type":"ephemeral","ttl":"1h"}}]},
              {"role":"user","content":[{"type":"text","text":"Hi","cache_control":{"type":"ephemeral"}}]},
              {"role":"assistant","content":"","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
              {"role":"tool","tool_call_id":"c","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]}],
             "tools":[{"type":"function","function":{"name":"f"},"cache_control":{"type":"ephemeral"}}]}
            """);

        Assert.That(Translated.Same(json["system"]![0]!["cache_control"], """{"type":"ephemeral","ttl":"1h"}"""));
        Assert.That(Translated.Same(json["messages"]![0]!["content"]![0]!["cache_control"], """{"type":"ephemeral"}"""));
        Assert.That(Translated.Same(json["messages"]![2]!["content"]![0], """{"type":"tool_result","tool_use_id":"c","content":[{"type":"text","text":"a"}],"cache_control":{"type":"ephemeral"}}"""), json.ToJsonString());
        Assert.That(Translated.Same(json["tools"]![0]!["cache_control"], """{"type":"ephemeral"}"""));
    }

    [TestCase(""" "tool_choice":"auto" """, """{"type":"auto"}""")]
    [TestCase(""" "tool_choice":"none" """, """{"type":"none"}""")]
    [TestCase(""" "tool_choice":"required","parallel_tool_calls":false """, """{"type":"any","disable_parallel_tool_use":true}""")]
    [TestCase(""" "tool_choice":{"type":"function","function":{"name":"f"}} """, """{"type":"tool","name":"f"}""")]
    [TestCase(""" "parallel_tool_calls":false """, """{"type":"auto","disable_parallel_tool_use":true}""")]
    [TestCase(""" "parallel_tool_calls":true """, null)]
    public void Choices_of_tools_are_renamed(string members, string? choice)
    {
        var json = Written($$$$$$"""{"model":"m","messages":{{{{{{Hi}}}}}},"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{"a":{"type":"string"}}},"strict":true}}],{{{{{{members}}}}}}}""");

        Assert.That(Translated.Same(json["tools"], """[{"name":"f","description":"d","input_schema":{"type":"object","properties":{"a":{"type":"string"}}}}]"""), json.ToJsonString());
        Assert.That(json["tool_choice"]?.ToJsonString(), Is.EqualTo(choice));
    }

    [Test]
    public void A_choice_without_tools_is_left_out()
    {
        var json = Written($$"""{"model":"m","messages":{{Hi}},"tools":[],"tool_choice":"auto","parallel_tool_calls":false}""");

        Assert.That((json["tools"], json["tool_choice"]), Is.EqualTo(((JsonNode?)null, (JsonNode?)null)));
    }

    [TestCase("""{}""", """{"type":"object"}""")]
    [TestCase("""{"properties":{"a":{}}}""", """{"type":"object","properties":{"a":{}}}""")]
    [TestCase("""null""", """{"type":"object"}""")]
    public void A_schema_that_does_not_say_that_it_is_an_objects_gets_the_type(string parameters, string schema)
    {
        var json = Written($$$$$"""{"model":"m","messages":{{{{{Hi}}}}},"tools":[{"type":"function","function":{"name":"f","parameters":{{{{{parameters}}}}}}}]}""");

        Assert.That(Translated.Same(json["tools"]![0]!["input_schema"], schema), json.ToJsonString());
    }

    [Test]
    public void Old_functions_and_their_answers_are_tools_whose_ids_are_counted()
    {
        var json = Written("""
            {"model":"m","messages":[{"role":"user","content":"Hi"},
              {"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":"1"},
              {"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":"2"}],
             "functions":[{"name":"f"}],"function_call":{"name":"f"}}
            """);

        Assert.That(json["messages"]!.AsArray().Select(static m => m!["content"]![0]!["id"] ?? m["content"]![0]!["tool_use_id"]).Skip(1).Select(static id => id!.GetValue<string>()),
            Is.EqualTo(new[] { "function_1", "function_1", "function_2", "function_2" }));
        Assert.That(json["tool_choice"]!.ToJsonString(), Is.EqualTo("""{"type":"tool","name":"f"}"""));
    }

    [Test]
    public void Ids_that_Anthropic_does_not_take_are_changed_alike_in_call_and_answer()
    {
        var json = Written("""
            {"model":"m","messages":[
              {"role":"assistant","tool_calls":[{"id":"functions.get:0","type":"function","function":{"name":"f","arguments":"{}"}}]},
              {"role":"tool","tool_call_id":"functions.get:0","content":"1"}]}
            """);

        Assert.That(json["messages"]![0]!["content"]![0]!["id"]!.GetValue<string>(), Is.EqualTo("functions_get_0"));
        Assert.That(json["messages"]![1]!["content"]![0]!["tool_use_id"]!.GetValue<string>(), Is.EqualTo("functions_get_0"));
    }

    [TestCase("", null, 8192)]
    [TestCase(",\"max_tokens\":100", null, 100)]
    [TestCase(",\"max_completion_tokens\":100", 50L, 50)]
    [TestCase(",\"max_tokens\":200,\"max_completion_tokens\":100", 500L, 100)]
    [TestCase("", 70L, 70)]
    public void The_output_limit_is_the_least_of_all_and_never_missing(string members, long? limit, long expected)
    {
        var json = Written($$"""{"model":"m","messages":{{Hi}}{{members}}}""", Translated.Target with { OutputLimit = limit });

        Assert.That(json["max_tokens"]!.GetValue<long>(), Is.EqualTo(expected));
    }

    [TestCase("1.7", "1")]
    [TestCase("1", "1")]
    [TestCase("1e0", "1e0")]
    [TestCase("0.20", "0.20")]
    public void Temperature_ends_where_Anthropics_ends(string asked, string sent)
    {
        var json = Written($$"""{"model":"m","messages":{{Hi}},"temperature":{{asked}}}""");

        Assert.That(json["temperature"]!.ToJsonString(), Is.EqualTo(sent));
    }

    [Test]
    public void A_schema_for_the_answer_goes_where_Anthropic_has_it()
    {
        var json = Written($$$$$$$$"""{"model":"m","messages":{{{{{{{{Hi}}}}}}}},"response_format":{"type":"json_schema","json_schema":{"name":"x","strict":true,"schema":{"type":"object"}}}}""");

        Assert.That(json["output_config"]!.ToJsonString(), Is.EqualTo("""{"format":{"type":"json_schema","schema":{"type":"object"}}}"""));
    }

    [Test]
    public void Hints_without_a_word_are_left_out_and_thinking_passes_through()
    {
        var json = Written($$$$"""
            {"model":"m","messages":{{{{Hi}}}},"stream":true,"n":1,"logprobs":false,"top_logprobs":0,"presence_penalty":0.5,"frequency_penalty":1,"seed":7,"logit_bias":{},"store":true,"modalities":["text"],
             "reasoning_effort":"high","service_tier":"auto","metadata":{"a":"b"},"stream_options":{"include_usage":true},"response_format":{"type":"text"},"thinking":{"type":"enabled","budget_tokens":2048}}
            """, Translated.Streamed);

        Assert.That(json.AsObject().Select(static member => member.Key), Is.EqualTo(new[] { "model", "max_tokens", "stream", "messages", "thinking" }));
    }

    [TestCase(""" "n":2 """, "n")]
    [TestCase(""" "logprobs":true """, "logprobs")]
    [TestCase(""" "top_logprobs":3 """, "top_logprobs")]
    [TestCase(""" "audio":{"voice":"alloy","format":"mp3"} """, "audio")]
    [TestCase(""" "modalities":["text","audio"] """, "modalities")]
    [TestCase(""" "logit_bias":{"50256":-100} """, "logit_bias")]
    [TestCase(""" "web_search_options":{} """, "web_search_options")]
    [TestCase(""" "response_format":{"type":"json_object"} """, "response_format")]
    [TestCase(""" "temperature":"hot" """, "temperature")]
    [TestCase(""" "top_p":true """, "top_p")]
    [TestCase(""" "stop":[1] """, "stop")]
    [TestCase(""" "stop":{} """, "stop")]
    [TestCase(""" "tools":[{"type":"custom","custom":{"name":"x"}}] """, "tools")]
    [TestCase(""" "tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"allowed_tools"} """, "tool_choice")]
    public void What_changes_the_answers_shape_is_refused_by_its_field(string members, string field)
    {
        var (json, error) = Translated.Request(_translation, $$"""{"model":"m","messages":{{Hi}},{{members}}}""");

        Assert.That(json, Is.Null);
        Assert.That((error.Fault, error.Field), Is.EqualTo((BodyFault.InvalidField, field)));
        Assert.That(error.Message, Does.StartWith(field));
    }

    [TestCase("""{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"","format":"wav"}}]}""")]
    [TestCase("""{"role":"user","content":[{"type":"image_url","image_url":{"url":"ftp://x"}}]}""")]
    [TestCase("""{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:text/html;base64,AA"}}]}""")]
    [TestCase("""{"role":"user","content":[{"type":"file","file":{"file_id":"file-1"}}]}""")]
    [TestCase("""{"role":"user","content":7}""")]
    [TestCase("""{"role":"user","content":""}""")]
    [TestCase("""{"role":"king","content":"x"}""")]
    [TestCase("""{"content":"x"}""")]
    [TestCase("""{"role":"tool","content":"x"}""")]
    [TestCase("""{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"[1]"}}]}""")]
    [TestCase("""{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"a\":"}}]}""")]
    [TestCase("""{"role":"assistant","tool_calls":[{"id":"a","type":"custom","custom":{"name":"f"}}]}""")]
    [TestCase("""{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"f","arguments":"{}"}}]}""")]
    public void A_message_that_cannot_be_said_is_refused(string message)
    {
        var (json, error) = Translated.Request(_translation, $$"""{"model":"m","messages":[{{message}}]}""");

        Assert.That(json, Is.Null);
        Assert.That(error.Field, Is.EqualTo("messages"));
    }

    private JsonNode Written(string body, Gateway.Transforms.Providers.TranslationTarget? target = null)
    {
        var (json, error) = Translated.Request(_translation, body, target);
        Assert.That(error.Message, Is.Null);
        return json!;
    }
}
