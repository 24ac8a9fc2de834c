using System.Text.Json.Nodes;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Providers;
using Gateway.Transforms.Providers.Anthropic;
using NUnit.Framework;

namespace Gateway.Tests.Providers.Anthropic;

/// <summary>Anthropic's requests that go to upstreams of chat completions.</summary>
public class MessagesRequestTests
{
    private const string Hi = """[{"role":"user","content":"Hi"}]""";

    private readonly MessagesOverChat _translation = new();

    [Test]
    public void A_conversation_with_tools_becomes_messages_of_strings()
    {
        var json = Written("""
            {"model":"claude","max_tokens":1024,"system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}},{"type":"text","text":"Use °C."}],
             "messages":[
              {"role":"user","content":[{"type":"text","text":"Weather?"},{"type":"text","text":"Paris \"now\"."}]},
              {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"x"},{"type":"text","text":"Look"},{"type":"text","text":"ing."},
                {"type":"tool_use","id":"toolu_1","name":"weather","input":{"city": "Paris\n", "n": 1.0}}]},
              {"role":"user","content":[{"type":"text","text":"And Rome?"},{"type":"tool_result","tool_use_id":"toolu_1","content":[{"type":"text","text":"12"},{"type":"text","text":"°C"}],"is_error":false}]},
              {"role":"assistant","content":"Warm."},
              {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1"}]}],
             "tools":[{"name":"weather","description":"d","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral"}},{"type":"custom","name":"now","input_schema":{"type":"object"}}],
             "tool_choice":{"type":"auto","disable_parallel_tool_use":true},
             "stop_sequences":["END"],"temperature":0.70,"top_p":0.9,"top_k":5,"metadata":{"user_id":"u-1"},"thinking":{"type":"enabled","budget_tokens":2000}}
            """);

        Assert.That(Translated.Same(json, """
            {"model":"claude-sonnet-4-5","max_tokens":1024,"temperature":0.70,"top_p":0.9,"stop":["END"],
             "tools":[{"type":"function","function":{"name":"weather","description":"d","parameters":{"type":"object"}}},{"type":"function","function":{"name":"now","parameters":{"type":"object"}}}],
             "tool_choice":"auto","parallel_tool_calls":false,
             "messages":[
              {"role":"system","content":"Be brief.\n\nUse °C."},
              {"role":"user","content":"Weather?\n\nParis \"now\"."},
              {"role":"assistant","content":"Looking.","tool_calls":[{"id":"toolu_1","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Paris\\n\", \"n\": 1.0}"}}]},
              {"role":"tool","tool_call_id":"toolu_1","content":"12\n\n°C"},
              {"role":"user","content":"And Rome?"},
              {"role":"assistant","content":"Warm."},
              {"role":"tool","tool_call_id":"toolu_1","content":""}],
             "user":"u-1"}
            """), json.ToJsonString());
    }

    [Test]
    public void Images_become_parts_and_those_of_tools_go_to_the_user()
    {
        var json = Written("""
            {"model":"m","max_tokens":9,"messages":[{"role":"user","content":[
              {"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"shot"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBO"}}]},
              {"type":"text","text":"Compare"},{"type":"image","source":{"type":"url","url":"https://example.com/a.png"}},
              {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBE"}},{"type":"document","source":{"type":"text","media_type":"text/plain","data":"note"}}]}]}
            """);

        Assert.That(Translated.Same(json["messages"], """
            [{"role":"tool","tool_call_id":"t","content":"shot"},
             {"role":"user","content":[
              {"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO"}},{"type":"text","text":"Compare"},{"type":"image_url","image_url":{"url":"https://example.com/a.png"}},
              {"type":"file","file":{"filename":"document.pdf","file_data":"data:application/pdf;base64,JVBE"}},{"type":"text","text":"note"}]}]
            """), json.ToJsonString());
    }

    [TestCase("""{"type":"any"}""", "\"required\"")]
    [TestCase("""{"type":"none"}""", "\"none\"")]
    [TestCase("""{"type":"tool","name":"f"}""", """{"type":"function","function":{"name":"f"}}""")]
    public void Choices_of_tools_are_renamed(string choice, string expected)
    {
        var json = Written($$$"""{"model":"m","max_tokens":9,"messages":{{{Hi}}},"tools":[{"name":"f","input_schema":{}}],"tool_choice":{{{choice}}}}""");

        Assert.That(json["tool_choice"]!.ToJsonString(), Is.EqualTo(expected));
        Assert.That(json["parallel_tool_calls"], Is.Null);
    }

    [Test]
    public void Streams_and_limits_are_asked_for_as_the_upstream_wants_it()
    {
        var body = $$"""{"model":"m","max_tokens":900,"stream":true,"messages":{{Hi}}}""";
        var plain = Written(body, Translated.Streamed);
        var picky = Written(body, Translated.Streamed with { OutputLimit = 50, LimitField = OutputLimitField.MaxCompletionTokens, StreamOptions = false });

        Assert.That(Translated.Same(plain["stream_options"], """{"include_usage":true}"""));
        Assert.That(plain["max_tokens"]!.GetValue<long>(), Is.EqualTo(900));
        Assert.That((picky["stream"]!.GetValue<bool>(), picky["stream_options"]), Is.EqualTo((true, (JsonNode?)null)));
        Assert.That((picky["max_completion_tokens"]!.GetValue<long>(), picky["max_tokens"]), Is.EqualTo((50L, (JsonNode?)null)));
    }

    [Test]
    public void A_schema_for_the_answer_gets_the_name_that_OpenAI_demands_and_long_users_are_left_out()
    {
        var user = new string('u', 65);
        var json = Written($$$$$"""{"model":"m","max_tokens":9,"messages":{{{{{Hi}}}}},"metadata":{"user_id":"{{{{{user}}}}}"},"output_config":{"effort":"low","format":{"type":"json_schema","schema":{"type":"object"}}}}""");

        Assert.That(Translated.Same(json["response_format"], """{"type":"json_schema","json_schema":{"name":"answer","strict":true,"schema":{"type":"object"}}}"""));
        Assert.That(json["user"], Is.Null);
    }

    [TestCase(""" "tools":[{"type":"web_search_20250305","name":"web_search"}] """, "tools")]
    [TestCase(""" "tools":[{"name":"f"}],"tool_choice":{"type":"tool"} """, "tool_choice")]
    [TestCase(""" "system":{"type":"text"} """, "system")]
    [TestCase(""" "system":[{"type":"image"}] """, "system")]
    [TestCase(""" "mcp_servers":[{"type":"url"}] """, "mcp_servers")]
    [TestCase(""" "container":"c_1" """, "container")]
    [TestCase(""" "stop_sequences":"END" """, "stop_sequences")]
    [TestCase(""" "temperature":"hot" """, "temperature")]
    [TestCase(""" "output_config":{"format":{"type":"xml"}} """, "output_config")]
    public void What_only_Anthropics_servers_do_is_refused_by_its_field(string members, string field)
    {
        var (json, error) = Translated.Request(_translation, $$"""{"model":"m","max_tokens":9,"messages":{{Hi}},{{members}}}""");

        Assert.That(json, Is.Null);
        Assert.That((error.Fault, error.Field), Is.EqualTo((BodyFault.InvalidField, field)));
    }

    [TestCase("""{"role":"user","content":[{"type":"search_result","source":"x"}]}""")]
    [TestCase("""{"role":"user","content":[{"type":"image","source":{"type":"file","file_id":"f"}}]}""")]
    [TestCase("""{"role":"user","content":[{"type":"tool_result","content":"x"}]}""")]
    [TestCase("""{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"tool_reference"}]}]}""")]
    [TestCase("""{"role":"assistant","content":[{"type":"server_tool_use","id":"s","name":"web_search","input":{}}]}""")]
    [TestCase("""{"role":"assistant","content":[{"type":"tool_use","input":{}}]}""")]
    [TestCase("""{"role":"system","content":"x"}""")]
    [TestCase("""{"role":"user"}""")]
    [TestCase("""{"role":"user","content":["x"]}""")]
    public void A_message_that_cannot_be_said_is_refused(string message)
    {
        var (json, error) = Translated.Request(_translation, $$"""{"model":"m","max_tokens":9,"messages":[{{message}}]}""");

        Assert.That(json, Is.Null);
        Assert.That(error.Field, Is.EqualTo("messages"));
    }

    private JsonNode Written(string body, TranslationTarget? target = null)
    {
        var (json, error) = Translated.Request(_translation, body, target);
        Assert.That(error.Message, Is.Null);
        return json!;
    }
}
