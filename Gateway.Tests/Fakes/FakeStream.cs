using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Fakes;

/// <summary>A streamed answer of <see cref="FakeUpstream"/>, chunk by chunk.</summary>
internal sealed class FakeStream(HttpContext http, FakeCall call)
{
    private bool WantsUsage => call.Json["stream_options"]?["include_usage"]?.GetValue<bool>() == true;

    public async Task WriteAsync()
    {
        if (call.Word("mode", "answer") == "late" && call.IsMeant)
            await Task.Delay(call.Number("pause", 0), http.RequestAborted);
        http.Response.ContentType = call.Word("mode", "answer") == "html" ? "text/html" : "text/event-stream";
        await http.Response.Body.FlushAsync(http.RequestAborted);
        switch (call.Word("mode", "answer"))
        {
            case "html":
                await http.Response.WriteAsync("<html></html>");
                return;
            case "empty":
                return;
            case "silent":
                await ChunkAsync("""{"role":"assistant","content":""}""");
                await Task.Delay(call.Number("silence", 1000), http.RequestAborted);
                break;
            case "tools":
                await ToolsAsync();
                await EndAsync("tool_calls");
                return;
            default:
                await ChunkAsync("""{"role":"assistant","content":""}""");
                break;
        }

        for (var index = 0; index < call.Count; index++)
        {
            await Task.Delay(call.IsMeant ? call.Number("pause", 0) : 0, http.RequestAborted);
            call.Emitted++;
            await ChunkAsync($$"""{"content":"{{(index == 0 ? "a" : " a")}}"}""");
        }

        if (call.Word("mode", "answer") == "break")
        {
            // What was flushed must leave before the connection is reset.
            await Task.Delay(50, http.RequestAborted);
            http.Abort();
            return;
        }

        await EndAsync("stop");
    }

    private async Task ToolsAsync()
    {
        await ChunkAsync("""{"role":"assistant","tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"weather","arguments":""}}]}""");
        await ChunkAsync("""{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]}""");
        await ChunkAsync("""{"tool_calls":[{"index":0,"function":{"arguments":"\"Paris\"}"}}]}""");
    }

    private async Task EndAsync(string finish)
    {
        await ChunkAsync("{}", $"\"{finish}\"");
        if (WantsUsage && call.Word("mode", "answer") != "nousage")
            await EventAsync($$"""{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"echo-1-2026","choices":[],"usage":{{call.Usage}}}""");
        await EventAsync("[DONE]");
    }

    private Task ChunkAsync(string delta, string finish = "null") => EventAsync(
        $$"""{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"echo-1-2026","choices":[{"index":0,"delta":{{delta}},"finish_reason":{{finish}}}]{{(WantsUsage ? ",\"usage\":null" : "")}}}""");

    private async Task EventAsync(string data)
    {
        await http.Response.WriteAsync($"data: {data}\n\n", http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
    }
}
