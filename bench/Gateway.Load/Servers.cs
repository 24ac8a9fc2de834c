using Yarp.ReverseProxy.Configuration;

namespace Gateway.Load;

/// <summary>Bare YARP, which the gateway is measured against, and where telemetry goes.</summary>
internal static class Servers
{
    /// <summary>YARP with its defaults, without logs. <c>GET /metrics</c> says what it has allocated, under the name that the gateway's has.</summary>
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
        app.MapGet("/metrics", static () => $"dotnet_gc_heap_total_allocated_bytes_total {GC.GetTotalAllocatedBytes()}\n");
        await app.RunAsync();
        return 0;
    }

    /// <summary>Takes what is sent by OTLP over HTTP and throws it away. <c>GET /</c>: the requests and bytes so far.</summary>
    public static async Task<int> RunOtlpSinkAsync(string url)
    {
        var (requests, bytes) = (0L, 0L);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls(url);
        builder.Services.AddRoutingCore();
        await using var app = builder.Build();
        app.MapPost("/v1/{signal}", async (HttpContext http) =>
        {
            var buffer = new byte[64 * 1024];
            while (await http.Request.Body.ReadAsync(buffer, http.RequestAborted) is var read and > 0)
                Interlocked.Add(ref bytes, read);
            Interlocked.Increment(ref requests);

            // Empty: an answer of OTLP in which every member has its default.
            http.Response.ContentType = "application/x-protobuf";
        });
        app.MapGet("/", () => $"{Interlocked.Read(ref requests)} {Interlocked.Read(ref bytes)}\n");
        await app.RunAsync();
        return 0;
    }
}
