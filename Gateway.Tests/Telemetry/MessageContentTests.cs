using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Host.Telemetry.Content;
using Gateway.Tests.Bodies;
using Gateway.Transforms;
using NUnit.Framework;

namespace Gateway.Tests.Telemetry;

/// <summary>What is put on spans where an operator asks for content: the conventions' shapes, of requests and answers of each API.</summary>
internal sealed class MessageContentTests
{
    [TestCase(
        """{"messages":[{"role":"system","content":"Be kind."},{"role":"user","name":"Ann","content":"Hi — “you”"}]}""",
        """[{"role":"system","parts":[{"type":"text","content":"Be kind."}]},{"role":"user","name":"Ann","parts":[{"type":"text","content":"Hi — “you”"}]}]""")]
    [TestCase(
        """{"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Paris\"}"}}]},{"role":"tool","tool_call_id":"c1","content":"rain"}]}""",
        """[{"role":"assistant","parts":[{"type":"tool_call","id":"c1","name":"weather","arguments":{"city":"Paris"}}]},{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":"rain"}]}]""")]
    [TestCase(
        """{"messages":[{"role":"user","content":[{"type":"text","text":"What is it?"},{"type":"image_url","image_url":{"url":"https://x.test/a.png"}},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},{"type":"input_audio","input_audio":{"data":"AAAAAA","format":"wav"}},{"type":"file","file":{"file_id":"f1"}},{"type":"later","x":1}]}]}""",
        """[{"role":"user","parts":[{"type":"text","content":"What is it?"},{"type":"uri","modality":"image","uri":"https://x.test/a.png"},{"type":"blob","modality":"image","mime_type":"image/png","content":"","size":4},{"type":"blob","modality":"audio","mime_type":"audio/wav","content":"","size":6},{"type":"file","modality":"document","file_id":"f1"},{"type":"later"}]}]""")]
    [TestCase(
        """{"messages":[{"role":"assistant","content":"","tool_calls":[{"id":"c","function":{"name":"f","arguments":"not JSON"}}]}]}""",
        """[{"role":"assistant","parts":[{"type":"text","content":""},{"type":"tool_call","id":"c","name":"f","arguments":"not JSON"}]}]""")]
    public void The_messages_of_a_chat_become_parts(string body, string expected) => Assert.That(Request(CallKind.Chat, body).InputMessages, Is.EqualTo(expected));

    [TestCase(
        """{"system":"Be kind.","messages":[{"role":"user","content":"Hi"}]}""",
        """[{"type":"text","content":"Be kind."}]""",
        """[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]""")]
    [TestCase(
        """{"system":[{"type":"text","text":"A","cache_control":{"type":"ephemeral"}},{"type":"text","text":"B"}],"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"tool_use","id":"t1","name":"f","input":{"a":1}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"1"}]},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAAAAAA"}}]}]}""",
        """[{"type":"text","content":"A"},{"type":"text","content":"B"}]""",
        """[{"role":"assistant","parts":[{"type":"reasoning","content":"hm"},{"type":"tool_call","id":"t1","name":"f","arguments":{"a":1}}]},{"role":"user","parts":[{"type":"tool_call_response","id":"t1","response":[{"type":"text","text":"1"}]},{"type":"blob","modality":"image","mime_type":"image/png","content":"","size":8}]}]""")]
    public void Anthropics_system_prompt_stands_apart_from_its_messages(string body, string instructions, string messages)
    {
        var content = Request(CallKind.Messages, body);

        Assert.That((content.SystemInstructions, content.InputMessages), Is.EqualTo((instructions, messages)));
    }

    [TestCase("""{"input":"Hi","instructions":"Be kind."}""", """[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]""")]
    [TestCase(
        """{"input":[{"role":"user","content":[{"type":"input_text","text":"Hi"},{"type":"input_image","file_id":"f1"}]},{"type":"reasoning","id":"r","summary":[{"type":"summary_text","text":"hm"}]},{"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\":1}"},{"type":"function_call_output","call_id":"c1","output":"1"},{"type":"item_reference","id":"x"}],"instructions":"Be kind."}""",
        """[{"role":"user","parts":[{"type":"text","content":"Hi"},{"type":"file","modality":"image","file_id":"f1"}]},{"role":"assistant","parts":[{"type":"reasoning","content":"hm"}]},{"role":"assistant","parts":[{"type":"tool_call","id":"c1","name":"f","arguments":{"a":1}}]},{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":"1"}]},{"role":"assistant","parts":[{"type":"item_reference"}]}]""")]
    public void The_items_of_a_response_become_messages(string body, string expected)
    {
        var content = Request(CallKind.Responses, body);

        Assert.That((content.InputMessages, content.SystemInstructions), Is.EqualTo((expected, """[{"type":"text","content":"Be kind."}]""")));
    }

    [TestCase("""{"prompt":"Once"}""", """[{"role":"user","parts":[{"type":"text","content":"Once"}]}]""")]
    [TestCase("""{"prompt":["a","b"]}""", """[{"role":"user","parts":[{"type":"text","content":"a"}]},{"role":"user","parts":[{"type":"text","content":"b"}]}]""")]
    [TestCase("""{"prompt":[[1,2],[3]]}""", """[{"role":"user","parts":[{"type":"tokens"}]}]""")]
    public void A_prompt_is_a_users_message(string body, string expected) => Assert.That(Request(CallKind.Completion, body).InputMessages, Is.EqualTo(expected));

    [TestCase("""{"tools":[{"type":"function","function":{"name":"f","description":"long","parameters":{}}}]}""", """[{"type":"function","name":"f"}]""")]
    [TestCase("""{"tools":[{"name":"g","input_schema":{}},{"type":"web_search_20250305","name":"web_search"}]}""", """[{"type":"function","name":"g"},{"type":"web_search_20250305","name":"web_search"}]""")]
    [TestCase("""{"tools":[{"type":"web_search"},{"type":"custom","custom":{"name":"h"}}]}""", """[{"type":"web_search","name":"web_search"},{"type":"custom","name":"h"}]""")]
    public void Tools_are_named(string body, string expected) => Assert.That(Request(CallKind.Chat, body).ToolDefinitions, Is.EqualTo(expected));

    [TestCase(nameof(CallKind.Chat), """{"choices":[{"message":{"role":"assistant","reasoning_content":"hm","content":"Hi"},"finish_reason":"stop"},{"message":{"content":"Ho"},"finish_reason":"length"}]}""",
        """[{"role":"assistant","parts":[{"type":"reasoning","content":"hm"},{"type":"text","content":"Hi"}],"finish_reason":"stop"},{"role":"assistant","parts":[{"type":"text","content":"Ho"}],"finish_reason":"length"}]""")]
    [TestCase(nameof(CallKind.Chat), """{"choices":[{"message":{"content":null,"tool_calls":[{"id":"c","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}""",
        """[{"role":"assistant","parts":[{"type":"tool_call","id":"c","name":"f","arguments":{}}],"finish_reason":"tool_call"}]""")]
    [TestCase(nameof(CallKind.Completion), """{"choices":[{"text":"upon","finish_reason":"stop"}]}""", """[{"role":"assistant","parts":[{"type":"text","content":"upon"}],"finish_reason":"stop"}]""")]
    [TestCase(nameof(CallKind.Messages), """{"content":[{"type":"text","text":"Hi"},{"type":"server_tool_use","id":"s","name":"web_search","input":{"q":"x"}}],"stop_reason":"max_tokens"}""",
        """[{"role":"assistant","parts":[{"type":"text","content":"Hi"},{"type":"server_tool_call","id":"s","name":"web_search","server_tool_call":{"type":"web_search","input":{"q":"x"}}}],"finish_reason":"length"}]""")]
    [TestCase(nameof(CallKind.Responses), """{"status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"Hi"}]},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}]}""",
        """[{"role":"assistant","parts":[{"type":"text","content":"Hi"},{"type":"tool_call","id":"c","name":"f","arguments":{}}],"finish_reason":"tool_call"}]""")]
    public void An_answer_has_a_message_for_each_choice(string kind, string answer, string expected) =>
        Assert.That(MessageContent.OfAnswer(Kind(kind), Encoding.UTF8.GetBytes(answer), isStream: false).OutputMessages, Is.EqualTo(expected));

    [Test]
    public void What_cannot_be_read_has_no_content(
        [Values("", "[]", "null", "{", "{\"messages\":7}", "{\"messages\":{\"role\":1}}", "\u0000", "{\"messages\":[{\"role\":\"\\ud800\"}]}", "{\"messages\":[[[[]]]]}", "{\"choices\":3,\"output\":\"\",\"content\":{}}")] string body,
        [Values(nameof(CallKind.Chat), nameof(CallKind.Messages), nameof(CallKind.Responses), nameof(CallKind.Completion), nameof(CallKind.Embedding), nameof(CallKind.Transcription))] string kind)
    {
        var bytes = Encoding.UTF8.GetBytes(body);

        Assert.That(Request(Kind(kind), body).InputMessages, Is.Null);
        Assert.That(MessageContent.OfAnswer(Kind(kind), bytes, isStream: false).OutputMessages, Is.Null.Or.EqualTo("""[{"role":"assistant","parts":[]}]"""));
        Assert.That(MessageContent.OfAnswer(Kind(kind), bytes, isStream: true).OutputMessages, Is.Null.Or.EqualTo("""[{"role":"assistant","parts":[]}]"""));
    }

    [Test]
    public void Random_bodies_never_throw_and_what_comes_out_is_JSON()
    {
        var random = new RandomJson(20260819);
        for (var round = 0; round < 2000; round++)
        {
            var part = random.Object([("type", random.Text()), ("text", random.Value()), ("image_url", random.Value()), ("source", random.Value()), ("input", random.Value())]);
            var message = random.Object([("role", "\"user\""), ("content", round % 2 == 0 ? $"[{part}]" : random.Value()), ("tool_calls", random.Value()), ("tool_call_id", random.Value())]);
            var body = random.Object([("messages", $"[{message},{random.Value()}]"), ("input", $"[{message}]"), ("prompt", random.Value()), ("system", random.Value()), ("tools", $"[{part}]"), ("content", $"[{part}]"), ("choices", $"[{message}]")]);

            foreach (var kind in CallKind.All)
            {
                var content = Request(kind, body);
                var answer = MessageContent.OfAnswer(kind, Encoding.UTF8.GetBytes(body), isStream: false);
                foreach (var json in new[] { content.InputMessages, content.SystemInstructions, content.ToolDefinitions, answer.OutputMessages })
                    Assert.That(() => json is null ? new JsonArray() : JsonNode.Parse(json), Is.InstanceOf<JsonArray>(), body);
            }
        }
    }

    [Test]
    public void A_long_conversation_keeps_its_last_messages_whole_and_says_so()
    {
        var text = new string('é', 1000);
        var body = $$"""{"messages":[{{string.Join(',', Enumerable.Range(0, 100).Select(n => $$"""{"role":"user","content":"{{n}} {{text}}"}"""))}}]}""";

        var content = Request(CallKind.Chat, body);

        var messages = JsonNode.Parse(content.InputMessages!)!.AsArray();
        Assert.That(Encoding.UTF8.GetByteCount(content.InputMessages!), Is.LessThanOrEqualTo(MessageContent.MostBytes).And.GreaterThan(MessageContent.MostBytes - 2500));
        Assert.That(messages[^1]!["parts"]![0]!["content"]!.GetValue<string>(), Is.EqualTo($"99 {text}"));
        Assert.That(content.IsTruncated, Is.True);
    }

    [TestCase(0, false)]
    [TestCase(1, true)]
    public void The_bound_is_met_to_the_byte(int more, bool isTruncated)
    {
        var around = Request(CallKind.Chat, """{"messages":[{"role":"user","content":""}]}""").InputMessages!.Length;
        var text = new string('a', MessageContent.MostBytes - around + more - 1);

        var content = Request(CallKind.Chat, $$"""{"messages":[{"role":"user","content":"{{text}}"}]}""");

        Assert.That((content.IsTruncated, content.InputMessages), Is.EqualTo((isTruncated, isTruncated ? "[]" : $$"""[{"role":"user","parts":[{"type":"text","content":"{{text}}"}]}]""")));
    }

    [Test]
    public void What_there_is_becomes_attributes()
    {
        using var span = new Activity("chat");

        Request(CallKind.Chat, """{"messages":[{"role":"user","content":"Hi"}]}""").DescribeOn(span);

        Assert.That(span.TagObjects.Select(static tag => tag.Key), Is.EqualTo(new[] { "gen_ai.input.messages" }));
    }

    private static MessageContent Request(CallKind kind, string body) => MessageContent.OfRequest(kind, Encoding.UTF8.GetBytes(body));

    private static CallKind Kind(string name) => (CallKind)typeof(CallKind).GetProperty(name)!.GetValue(null)!;
}
