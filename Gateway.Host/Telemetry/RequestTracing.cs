using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Host.Telemetry;

/// <summary>The server span of each request: continues the caller's trace (<c>traceparent</c>), and is the parent of every span that the call makes.</summary>
/// <remarks>ASP.NET Core's own span has neither a name nor an attribute, and is made even where nobody listens: it is switched off. Health checks and scrapes make no span.</remarks>
internal sealed class RequestTracing(RequestDelegate next)
{
    /// <summary>Where the spans of the request path come from.</summary>
    public static readonly ActivitySource Source = new(TelemetryNames.Gateway);

    private static readonly PathString Health = "/health";
    private static readonly PathString Metrics = "/metrics";

    /// <summary>The span of a request, recorded or only passed on; <c>null</c>: none.</summary>
    public static RequestSpan? SpanOf(HttpContext http) => Source.HasListeners() ? http.Features.Get<RequestSpan>() : null;

    public Task InvokeAsync(HttpContext http) =>
        !Source.HasListeners() || http.Request.Path.StartsWithSegments(Health, StringComparison.OrdinalIgnoreCase) || http.Request.Path.StartsWithSegments(Metrics, StringComparison.OrdinalIgnoreCase) ? next(http) : TraceAsync(http);

    private async Task TraceAsync(HttpContext http)
    {
        var route = RouteOf(http);
        var name = route is null ? http.Request.Method : string.Concat(http.Request.Method, " ", route);
        using var span = Source.StartActivity(name, ActivityKind.Server, CallerOf(http.Request.Headers));
        if (span is null)
        {
            await next(http);
            return;
        }

        var request = new RequestSpan(span, Stopwatch.GetTimestamp());
        http.Features.Set(request);
        if (span.IsAllDataRequested)
            Describe(span, http, route);
        try
        {
            await next(http);
        }
        finally
        {
            if (span.IsAllDataRequested)
                End(span, http);

            // By the same clock as what is below it: none of it may outlive its parent.
            span.SetEndTime(request.At(Stopwatch.GetTimestamp()).UtcDateTime);
        }
    }

    private static void Describe(Activity span, HttpContext http, string? route)
    {
        var request = http.Request;
        span.SetTag(TelemetryNames.HttpMethod, request.Method);
        span.SetTag(TelemetryNames.UrlScheme, request.Scheme);
        span.SetTag(TelemetryNames.UrlPath, request.Path.Value);
        if (route is not null)
            span.SetTag(TelemetryNames.HttpRoute, route);
        if (request.Host.Host is { Length: > 0 } host)
            span.SetTag(TelemetryNames.ServerAddress, host);
        if (request.Host.Port is { } port)
            span.SetTag(TelemetryNames.ServerPort, port);
    }

    // A client's own mistake is no error of this server's; one that hung up is seen by the outcome.
    private static void End(Activity span, HttpContext http)
    {
        var status = http.Response.StatusCode;
        span.SetTag(TelemetryNames.HttpStatus, status);
        if (http.Features.Get<OpenAi.GatewayError>() is { Code: { } code })
            span.SetTag(TelemetryNames.ErrorCode, code);
        if (status < StatusCodes.Status500InternalServerError)
            return;

        span.SetStatus(ActivityStatusCode.Error);
        span.SetTag(TelemetryNames.ErrorType, status.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    private static string? RouteOf(HttpContext http) => (http.Features.Get<IEndpointFeature>()?.Endpoint as RouteEndpoint)?.RoutePattern.RawText switch
    {
        null => null,
        var text when text.StartsWith('/') => text,
        var text => "/" + text,
    };

    // What does not parse begins a new trace, as the specification asks: https://www.w3.org/TR/trace-context/
    private static ActivityContext CallerOf(IHeaderDictionary headers) =>
        ActivityContext.TryParse(headers.TraceParent, headers.TraceState, isRemote: true, out var caller) ? caller : default;
}

/// <summary>The server span of a request.</summary>
/// <param name="Activity">The span.</param>
/// <param name="StartedAt">When it began, in <see cref="Stopwatch"/> ticks: what is measured by that clock is placed in the trace with it.</param>
internal sealed record RequestSpan(Activity Activity, long StartedAt)
{
    /// <summary>A moment of the request on the span's clock.</summary>
    public DateTimeOffset At(long timestamp) => new(Activity.StartTimeUtc + Stopwatch.GetElapsedTime(StartedAt, timestamp));
}
