using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Fakes;

/// <summary><c>POST /v1/responses</c> of <see cref="FakeUpstream"/>: https://platform.openai.com/docs/api-reference/responses and …/responses-streaming.</summary>
internal static class FakeResponses
{
    public static Task WriteAsync(HttpContext http, FakeCall call) => call.WantsStream ? StreamAsync(http, call) : FakeUpstream.JsonAsync(http, Response(call, "completed", Output(call, "completed")));

    private static bool IsTool(FakeCall call) => call.Word("mode", "answer") == "tools";

    private static string Response(FakeCall call, string status, string output)
    {
        var count = call.Number("in", 24);
        var usage = status == "completed"
            ? $$"""{"input_tokens":{{count}},"input_tokens_details":{"cached_tokens":0},"output_tokens":{{call.Count}},"output_tokens_details":{"reasoning_tokens":0},"total_tokens":{{count + call.Count}} }"""
            : "null";
        return $$"""{"id":"resp_1","object":"response","created_at":1741476542,"status":"{{status}}","background":false,"error":null,"incomplete_details":null,"instructions":null,"max_output_tokens":null,"model":"echo-1-2026","output":[{{output}}],"parallel_tool_calls":true,"previous_response_id":null,"reasoning":{"effort":null,"summary":null},"store":true,"temperature":1.0,"text":{"format":{"type":"text"} },"tool_choice":"auto","tools":[],"top_p":1.0,"truncation":"disabled","usage":{{usage}},"user":null,"metadata":{} }""";
    }

    private static string Output(FakeCall call, string status, bool isEmpty = false) => IsTool(call)
        ? $$"""{"type":"function_call","id":"fc_1","call_id":"call_1","name":"weather","arguments":"{{(isEmpty ? "" : """{\"city\":\"Paris\"}""")}}","status":"{{status}}"}"""
        : $$"""{"type":"message","id":"msg_1","status":"{{status}}","role":"assistant","content":[{{(isEmpty ? "" : Part(call.Text))}}]}""";

    private static string Part(string text) => $$"""{"type":"output_text","text":"{{text}}","annotations":[],"logprobs":[]}""";

    private static async Task StreamAsync(HttpContext http, FakeCall call)
    {
        var number = 0;
        await EventAsync("response.created", $"\"response\":{Response(call, "in_progress", "")}");
        await EventAsync("response.in_progress", $"\"response\":{Response(call, "in_progress", "")}");
        await EventAsync("response.output_item.added", $"\"output_index\":0,\"item\":{Output(call, "in_progress", isEmpty: true)}");
        if (IsTool(call))
            await ToolAsync(EventAsync);
        else
            await TextAsync(call, EventAsync);
        if (call.Word("mode", "answer") == "break")
        {
            // What was flushed must leave before the connection is reset.
            await Task.Delay(50, http.RequestAborted);
            http.Abort();
            return;
        }

        await EventAsync("response.output_item.done", $"\"output_index\":0,\"item\":{Output(call, "completed")}");
        await EventAsync("response.completed", $"\"response\":{Response(call, "completed", Output(call, "completed"))}");

        Task EventAsync(string type, string members) => FakeUpstream.EventAsync(http, $$"""{"type":"{{type}}","sequence_number":{{number++}},{{members}}}""", type);
    }

    private static async Task TextAsync(FakeCall call, Func<string, string, Task> eventAsync)
    {
        const string place = "\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0";
        await eventAsync("response.content_part.added", $"{place},\"part\":{Part("")}");
        for (; call.Emitted < call.Count; call.Emitted++)
        {
            await Task.Delay(call.Number("pause", 0));
            await eventAsync("response.output_text.delta", $"{place},\"delta\":\"{(call.Emitted == 0 ? "a" : " a")}\",\"logprobs\":[]");
        }

        await eventAsync("response.output_text.done", $"{place},\"text\":\"{call.Text}\",\"logprobs\":[]");
        await eventAsync("response.content_part.done", $"{place},\"part\":{Part(call.Text)}");
    }

    private static async Task ToolAsync(Func<string, string, Task> eventAsync)
    {
        const string place = "\"item_id\":\"fc_1\",\"output_index\":0";
        await eventAsync("response.function_call_arguments.delta", place + """,'delta':'{\'city\':'""".Replace('\'', '"'));
        await eventAsync("response.function_call_arguments.delta", place + """,'delta':'\'Paris\'}'""".Replace('\'', '"'));
        await eventAsync("response.function_call_arguments.done", place + """,'name':'weather','arguments':'{\'city\':\'Paris\'}'""".Replace('\'', '"'));
    }
}
