using Gateway.Host.OpenAi;
using Microsoft.Net.Http.Headers;

namespace Gateway.Host.Telemetry;

/// <summary><c>GET /metrics</c>, for Prometheus. It needs no key, as the health checks: it holds numbers and the ids of configuration.</summary>
internal static class MetricsEndpoint
{
    /// <summary>Adds the endpoint.</summary>
    public static void MapMetrics(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/metrics", (RequestDelegate)AnswerAsync);
        endpoints.Map("/metrics", (RequestDelegate)(static http => ErrorWriter.WriteAsync(http, GatewayError.MethodNotAllowed)));
    }

    private static async Task AnswerAsync(HttpContext http)
    {
        var format = Wanted(http.Request.Headers);
        var text = await http.RequestServices.GetRequiredService<MetricsPage>().ReadAsync(format, http.RequestAborted);
        http.Response.ContentType = format == MetricsFormat.OpenMetrics
            ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
            : "text/plain; version=0.0.4; charset=utf-8";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.ContentLength = text.Length;
        await http.Response.Body.WriteAsync(text, http.RequestAborted);
    }

    // What nobody asked for is the plain text, which every scraper reads.
    internal static MetricsFormat Wanted(IHeaderDictionary headers)
    {
        double open = 0, plain = 0;
        if (!MediaTypeHeaderValue.TryParseList(headers.Accept, out var accepted))
            return MetricsFormat.Text;
        foreach (var type in accepted)
        {
            var quality = type.Quality ?? 1;
            if (type.MediaType.Equals("application/openmetrics-text", StringComparison.OrdinalIgnoreCase))
                open = Math.Max(open, quality);
            else if (type.MatchesMediaType("text/plain"))
                plain = Math.Max(plain, quality);
        }

        return open > 0 && open >= plain ? MetricsFormat.OpenMetrics : MetricsFormat.Text;
    }
}
