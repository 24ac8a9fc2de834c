using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Fakes;

/// <summary>Gemini's <c>generateContent</c> and <c>streamGenerateContent?alt=sse</c>: https://ai.google.dev/api/generate-content.</summary>
internal static class FakeGemini
{
    public static async Task WriteAsync(HttpContext http, FakeCall call)
    {
        var method = http.Request.RouteValues["model"]!.ToString()!.Split(':')[^1];
        if (method == "generateContent")
        {
            call.Emitted = call.Count;
            await FakeUpstream.JsonAsync(http, Answer(call, Part(call, call.Text), call.Count, "STOP"));
            return;
        }

        if (method != "streamGenerateContent" || http.Request.Query["alt"] != "sse")
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            await FakeUpstream.JsonAsync(http, """{"error":{"code":404,"message":"no such method","status":"NOT_FOUND"}}""");
            return;
        }

        var chunks = call.Word("mode", "answer") == "tools" ? 1 : call.Count;
        for (; call.Emitted < chunks; call.Emitted++)
        {
            await Task.Delay(call.Number("pause", 0));
            var isLast = call.Emitted == chunks - 1 && call.Word("mode", "answer") != "break";
            await FakeUpstream.EventAsync(http, Answer(call, Part(call, call.Emitted == 0 ? "a" : " a"), isLast ? call.Count : call.Emitted + 1, isLast ? "STOP" : null));
        }

        if (call.Word("mode", "answer") == "break")
        {
            // What was flushed must leave before the connection is reset.
            await Task.Delay(50, http.RequestAborted);
            http.Abort();
        }
    }

    private static string Part(FakeCall call, string text) => call.Word("mode", "answer") == "tools"
        ? """{"functionCall":{"name":"weather","args":{"city":"Paris"}}}"""
        : $$"""{"text":"{{text}}"}""";

    private static string Answer(FakeCall call, string part, int output, string? finish)
    {
        var count = call.Number("in", 24);
        return $$"""{"candidates":[{"content":{"parts":[{{part}}],"role":"model"},{{(finish is null ? "" : $"\"finishReason\":\"{finish}\",")}}"index":0}],"usageMetadata":{"promptTokenCount":{{count}},"candidatesTokenCount":{{output}},"totalTokenCount":{{count + output}}},"modelVersion":"gemini-echo","responseId":"resp-1"}""";
    }
}
