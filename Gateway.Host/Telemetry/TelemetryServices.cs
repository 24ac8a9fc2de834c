using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Console;

namespace Gateway.Host.Telemetry;

/// <summary>Telemetry in the container and in the log.</summary>
internal static class TelemetryServices
{
    // What begins a request in ASP.NET Core: it makes an Activity and a log scope for each as soon as its category is enabled for anything.
    private const string PerRequest = "Microsoft.AspNetCore.Hosting.Diagnostics";

    // Kestrel quotes a header that it cannot read, at Debug: the header may hold a key.
    private const string BadRequests = "Microsoft.AspNetCore.Server.Kestrel.BadRequests";

    private static readonly string?[] Providers = [null, typeof(ConsoleLoggerProvider).FullName, typeof(OtlpLogs).FullName];

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

        // The slim builder sets the simple console over what is configured.
        if (configuration["Logging:Console:FormatterName"] is { Length: > 0 } formatter)
            logging.Services.Configure<ConsoleLoggerOptions>(options => options.FormatterName = formatter);
        logging.Services.PostConfigure<LoggerFilterOptions>(Silence);
        if (telemetry.Logs is { } logs)
            logging.AddProvider(logs);
        return logging;
    }

    // The last rule for a provider and a whole category is the one that counts: no setting can turn it on.
    private static void Silence(LoggerFilterOptions options)
    {
        foreach (var provider in Providers)
            options.Rules.Add(new LoggerFilterRule(provider, BadRequests, LogLevel.Information, filter: null));
    }
}
