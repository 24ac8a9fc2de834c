using Yarp.ReverseProxy.Configuration;

namespace Gateway.Load;

/// <summary>The mock upstream, and bare YARP in front of it: what the gateway is measured against.</summary>
internal static class Servers
{
    private static readonly byte[] Answer = """{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"echo","choices":[{"index":0,"message":{"role":"assistant","content":"The quick brown fox jumps over the lazy dog, and then it rests for a while in the shade."},"finish_reason":"stop"}],"usage":{"prompt_tokens":24,"completion_tokens":20,"total_tokens":44}}"""u8.ToArray();
    private static readonly byte[] Chunk = "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"echo\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" fox\"},\"finish_reason\":null}]}\n\n"u8.ToArray();
    private static readonly byte[] End = "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"echo\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"echo\",\"choices\":[],\"usage\":{\"prompt_tokens\":24,\"completion_tokens\":20,\"total_tokens\":44}}\n\ndata: [DONE]\n\n"u8.ToArray();

    public static async Task<int> RunUpstreamAsync(string url)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls(url);
        builder.Services.AddRoutingCore();
        await using var app = builder.Build();
        app.MapPost("/v1/chat/completions", (RequestDelegate)AnswerAsync);
        await app.RunAsync();
        return 0;
    }

    public static async Task<int> RunYarpAsync(string url, string upstream)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        builder.Services.AddReverseProxy().LoadFromMemory(
            [new RouteConfig { RouteId = "all", ClusterId = "upstream", Match = new RouteMatch { Path = "/{**rest}" } }],
            [new ClusterConfig { ClusterId = "upstream", Destinations = new Dictionary<string, DestinationConfig>(StringComparer.Ordinal) { ["0"] = new() { Address = upstream } } }]);
        await using var app = builder.Build();
        app.MapReverseProxy();
        await app.RunAsync();
        return 0;
    }

    private static async Task AnswerAsync(HttpContext http)
    {
        var buffer = new byte[4096];
        var (streamed, limited, slow) = (false, false, false);
        int read;
        while ((read = await http.Request.Body.ReadAsync(buffer)) > 0)
        {
            streamed |= buffer.AsSpan(0, read).IndexOf("\"stream\":true"u8) >= 0;
            limited |= buffer.AsSpan(0, read).IndexOf("\"limited\""u8) >= 0;
            slow |= buffer.AsSpan(0, read).IndexOf("\"slow\""u8) >= 0;
        }

        if (limited)
        {
            http.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            return;
        }

        if (!streamed)
        {
            http.Response.ContentType = "application/json";
            http.Response.ContentLength = Answer.Length;
            await http.Response.Body.WriteAsync(Answer);
            return;
        }

        http.Response.ContentType = "text/event-stream";
        for (var i = 0; i < 20; i++)
        {
            await http.Response.Body.WriteAsync(Chunk);
            await http.Response.Body.FlushAsync();
            await Task.Delay(slow ? 1000 : 10);
        }

        await http.Response.Body.WriteAsync(End);
    }
}
