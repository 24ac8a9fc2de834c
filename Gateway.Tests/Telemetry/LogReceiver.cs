using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Telemetry;

/// <summary>Takes what is sent by OTLP over HTTP, as the text that its bytes hold: strings stand in protobuf as they are.</summary>
internal sealed class LogReceiver : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<string> bodies = new();

    private LogReceiver(WebApplication app) => this.app = app;

    public string Endpoint => $"{app.Urls.First()}/v1/logs";

    public string Text => string.Concat(bodies);

    public static async Task<LogReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var receiver = new LogReceiver(builder.Build());
        receiver.app.MapPost("/v1/logs", (RequestDelegate)receiver.TakeAsync);
        await receiver.app.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task TakeAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        bodies.Enqueue(Encoding.UTF8.GetString(body.ToArray()));
        http.Response.ContentType = "application/x-protobuf";
    }
}
