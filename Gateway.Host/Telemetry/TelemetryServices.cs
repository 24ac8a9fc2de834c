using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Console;

namespace Gateway.Host.Telemetry;

/// <summary>Telemetry in the container and in the log.</summary>
internal static class TelemetryServices
{
    // What begins a request in ASP.NET Core: it makes an Activity and a log scope for each as soon as its category is enabled for anything.
    private const string PerRequest = "Microsoft.AspNetCore.Hosting.Diagnostics";

    /// <summary>Adds what shows metrics and what writes a line per request, and sets up the log of the host.</summary>
    public static void AddTelemetry(this WebApplicationBuilder builder, TelemetryPipeline telemetry)
    {
        builder.Services.TryAddSingleton(telemetry.Page);
        builder.Services.TryAddSingleton<RequestLog>();
        builder.Logging.AddTelemetry(telemetry, builder.Configuration);
    }

    /// <summary>Log records carry the trace that they were written in, and leave by OTLP too where that is configured.</summary>
    public static ILoggingBuilder AddTelemetry(this ILoggingBuilder logging, TelemetryPipeline telemetry, IConfiguration configuration)
    {
        logging.Configure(static options => options.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);

        // The trace of a record is a scope to the JSON console.
        if (configuration["Logging:Console:FormatterOptions:IncludeScopes"] is null)
            logging.Services.Configure<JsonConsoleFormatterOptions>(static options => options.IncludeScopes = true);
        if (configuration[$"Logging:LogLevel:{PerRequest}"] is null)
            logging.AddFilter(PerRequest, LogLevel.None);
        if (telemetry.Logs is { } logs)
            logging.AddProvider(logs);
        return logging;
    }
}
