using System.Text;
using Gateway.Host.Telemetry.Content;
using Gateway.Transforms;
using NUnit.Framework;

namespace Gateway.Tests.Telemetry;

/// <summary>A stream is shown as the answer that would have come in one piece.</summary>
internal sealed class StreamedAnswerTests
{
    [Test]
    public void The_deltas_of_a_chat_are_joined_by_choice_and_tool()
    {
        string[] events =
        [
            """{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}""",
            """{"choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]}""",
            """{"choices":[{"index":1,"delta":{"content":"other"}},{"index":0,"delta":{"content":"Hé"}}]}""",
            """{"choices":[{"index":0,"delta":{"content":"llo"}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"f","arguments":""}}]}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}}]}""",
            """{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""",
            """{"choices":[],"usage":{"prompt_tokens":1}}""",
            "[DONE]",
        ];

        Assert.That(Output(CallKind.Chat, events), Is.EqualTo("""
            [{"role":"assistant","parts":[{"type":"reasoning","content":"hm"},{"type":"text","content":"Héllo"},{"type":"tool_call","id":"c1","name":"f","arguments":{"a":1}}],"finish_reason":"tool_call"},{"role":"assistant","parts":[{"type":"text","content":"other"}]}]
            """));
    }

    [Test]
    public void The_blocks_of_a_message_are_joined_by_index() => Assert.That(
        Output(
            CallKind.Messages,
            """{"type":"message_start","message":{"role":"assistant","content":[]}}""",
            """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"I"}}""",
            """{"type":"ping"}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" see"}}""",
            """{"type":"content_block_stop","index":0}""",
            """{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t1","name":"f","input":{}}}""",
            """{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\""}}""",
            """{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":":1}"}}""",
            """{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":3}}""",
            """{"type":"message_stop"}"""),
        Is.EqualTo("""[{"role":"assistant","parts":[{"type":"text","content":"I see"},{"type":"tool_call","id":"t1","name":"f","arguments":{"a":1}}],"finish_reason":"tool_call"}]"""));

    [Test]
    public void A_response_ends_with_all_of_it() => Assert.That(
        Output(
            CallKind.Responses,
            """{"type":"response.created","response":{"status":"in_progress","output":[]}}""",
            """{"type":"response.output_text.delta","delta":"Hi"}""",
            """{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[{"type":"message","content":[{"type":"output_text","text":"Hi"}]}]}}"""),
        Is.EqualTo("""[{"role":"assistant","parts":[{"type":"text","content":"Hi"}],"finish_reason":"length"}]"""));

    [Test]
    public void A_completion_is_joined() => Assert.That(
        Output(CallKind.Completion, """{"choices":[{"text":"up","index":0}]}""", """{"choices":[{"text":"on","index":0,"finish_reason":"stop"}]}"""),
        Is.EqualTo("""[{"role":"assistant","parts":[{"type":"text","content":"upon"}],"finish_reason":"stop"}]"""));

    [Test]
    public void A_stream_that_was_cut_short_shows_what_came()
    {
        var cut = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\ndata: {\"choices\":[{\"index\":0,\"del";

        Assert.That(Output(CallKind.Chat, Encoding.UTF8.GetBytes(cut)), Is.EqualTo("""[{"role":"assistant","parts":[{"type":"text","content":"Hi"}]}]"""));
    }

    [TestCase("""{"choices":[{"index":-1,"delta":{"content":"x"}},{"index":1000000000,"delta":{"content":"x"}},{"index":"a","delta":{"content":"x"}}]}""")]
    [TestCase("""{"choices":[{"index":0,"delta":{"tool_calls":[{"index":1000000000,"id":"c"}]}}]}""")]
    public void A_piece_with_an_index_that_nobody_sends_is_left_out(string data) =>
        Assert.That(Output(CallKind.Chat, data), Is.Null.Or.EqualTo("""[{"role":"assistant","parts":[]}]"""));

    [TestCase(nameof(CallKind.Messages), """{"type":"content_block_start","index":0,"content_block":{"type":"text","type":"text"}}""")]
    [TestCase(nameof(CallKind.Chat), "{not JSON}")]
    public void A_stream_that_cannot_be_read_has_no_content(string kind, string data) =>
        Assert.That(Output((CallKind)typeof(CallKind).GetProperty(kind)!.GetValue(null)!, data), Is.Null);

    private static string? Output(CallKind kind, params string[] events) => Output(kind, Encoding.UTF8.GetBytes(string.Concat(events.Select(static data => $"data: {data}\n\n"))));

    private static string? Output(CallKind kind, byte[] stream) => MessageContent.OfAnswer(kind, stream, isStream: true).OutputMessages;
}
