using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Fakes;

/// <summary>Anthropic's <c>POST /v1/messages</c>: https://docs.anthropic.com/en/api/messages and https://docs.anthropic.com/en/api/messages-streaming.</summary>
internal static class FakeMessages
{
    public static Task WriteAsync(HttpContext http, FakeCall call) =>
        call.WantsStream ? StreamAsync(http, call) : FakeUpstream.JsonAsync(http, Message(call, Block(call), Stop(call), call.Count));

    private static bool IsTool(FakeCall call) => call.Word("mode", "answer") == "tools";

    private static string Stop(FakeCall call) => IsTool(call) ? "\"tool_use\"" : "\"end_turn\"";

    private static string Message(FakeCall call, string content, string stop, int output) =>
        $$"""{"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","role":"assistant","model":"claude-echo-2026","content":[{{content}}],"stop_reason":{{stop}},"stop_sequence":null,"usage":{"input_tokens":{{call.Number("in", 24)}},"cache_creation_input_tokens":{{call.Number("write", 0)}},"cache_read_input_tokens":{{call.Number("read", 0)}},"output_tokens":{{output}},"service_tier":"standard"} }""";

    private static string Block(FakeCall call) => IsTool(call)
        ? """{"type":"tool_use","id":"toolu_1","name":"weather","input":{"city":"Paris"}}"""
        : $$"""{"type":"text","text":"{{call.Text}}"}""";

    private static async Task StreamAsync(HttpContext http, FakeCall call)
    {
        await EventAsync("message_start", $"\"message\":{Message(call, "", "null", 1)}");
        await EventAsync("content_block_start", IsTool(call)
            ? """
              "index":0,"content_block":{"type":"tool_use","id":"toolu_1","name":"weather","input":{}}
              """
            : """
              "index":0,"content_block":{"type":"text","text":""}
              """);
        await FakeUpstream.EventAsync(http, """{"type": "ping"}""", "ping");
        if (IsTool(call))
        {
            foreach (var part in (string[])["", """{\"city\":""", """ \"Paris\"}"""])
                await DeltaAsync($$"""{"type":"input_json_delta","partial_json":"{{part}}"}""");
        }

        for (; !IsTool(call) && call.Emitted < call.Count; call.Emitted++)
        {
            await Task.Delay(call.Number("pause", 0));
            await DeltaAsync($$"""{"type":"text_delta","text":"{{(call.Emitted == 0 ? "a" : " a")}}"}""");
        }

        if (call.Word("mode", "answer") == "break")
        {
            // What was flushed must leave before the connection is reset.
            await Task.Delay(50, http.RequestAborted);
            http.Abort();
            return;
        }

        await EventAsync("content_block_stop", "\"index\":0");
        await EventAsync("message_delta", $$"""
            "delta":{"stop_reason":{{Stop(call)}},"stop_sequence":null},"usage":{"output_tokens":{{call.Count}}}
            """);
        await FakeUpstream.EventAsync(http, """{"type":"message_stop"}""", "message_stop");

        Task DeltaAsync(string delta) => EventAsync("content_block_delta", $"\"index\":0,\"delta\":{delta}");
        Task EventAsync(string type, string members) => FakeUpstream.EventAsync(http, $$"""{"type":"{{type}}",{{members}}}""", type);
    }
}
