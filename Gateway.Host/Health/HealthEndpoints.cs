using Gateway.Host.Catalogue;
using Gateway.Host.OpenAi;
using Gateway.Host.Routing;
using Gateway.Host.Settings;
using Gateway.Ledger;

namespace Gateway.Host.Health;

/// <summary><c>/health/live</c>: the process answers; <c>/health/ready</c>: calls should be sent to it. Neither needs a key, nor tells a secret.</summary>
internal static class HealthEndpoints
{
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];
    private static readonly ReadOnlyMemory<byte> Alive = "ok"u8.ToArray();

    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapMethods("/health/live", Reading, (RequestDelegate)LiveAsync);
        endpoints.MapMethods("/health/ready", Reading, (RequestDelegate)ReadyAsync);
        foreach (var path in (string[])["/health/live", "/health/ready"])
            endpoints.Map(path, (RequestDelegate)(static http => ErrorWriter.WriteAsync(http, GatewayError.MethodNotAllowed)));
    }

    // It touches nothing that could be away: a process that is restarted because a store is away only adds to the outage.
    private static Task LiveAsync(HttpContext http)
    {
        Describe(http.Response, "text/plain");
        http.Response.ContentLength = Alive.Length;
        return HttpMethods.IsHead(http.Request.Method) ? Task.CompletedTask : http.Response.Body.WriteAsync(Alive, http.RequestAborted).AsTask();
    }

    private static Task ReadyAsync(HttpContext http)
    {
        var services = http.RequestServices;
        var drain = services.GetRequiredService<Drain>();
        drain.NoteProbe();
        var ledger = services.GetRequiredService<ILedger>().Health;
        var settings = services.GetRequiredService<GatewaySettings>();
        var channels = services.GetRequiredService<CatalogueSource>().Current.Channels.Where(static channel => channel.Enabled);
        var readiness = new Readiness(
            ledger,
            drain.HasBegun,
            HasBacklog: ledger.Unrecorded >= settings.MaxUnrecorded,
            NeedsBook: settings.RejectWhenBookDown,
            [.. channels.SelectMany(services.GetRequiredService<ChannelHealth>().StatesOf)]);

        http.Response.StatusCode = readiness.IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        Describe(http.Response, "application/json");
        return JsonAnswer.WriteAsync(http, readiness.Write);
    }

    private static void Describe(HttpResponse response, string contentType)
    {
        response.ContentType = contentType;
        response.Headers.CacheControl = "no-store";
    }
}
