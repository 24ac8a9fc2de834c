using System.Reflection;
using Gateway.Ledger;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Gateway.Host.Telemetry;

/// <summary>OpenTelemetry's SDK as this process uses it: what is collected, and where it goes.</summary>
/// <remarks>
/// It is made before the ledger and ends after it, so that the spans and counts of the last settlements leave too.
/// Metrics are always collected, for <c>GET /metrics</c>. Spans are made only if they go somewhere: without a listener a source makes none.
/// Of the framework's sources none is listened to: the pipeline makes the spans of a call itself.
/// A metric has at most 2,000 sets of attributes, the SDK's default; what comes after them is counted under <c>otel.metric.overflow</c>.
/// </remarks>
internal sealed class TelemetryPipeline : IAsyncDisposable
{
    /// <summary>The longest that the end of the process waits for a collector.</summary>
    public static readonly TimeSpan FlushTime = TimeSpan.FromSeconds(5);

    private static readonly string[] Sources = [TelemetryNames.Gateway, LedgerMetrics.Name];

    // System.Net.Http is left out: its instruments measure every connection pool of every channel, with the upstream's address as an attribute.
    private static readonly string[] Meters =
        [.. Sources, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime", "Npgsql"];

    private readonly OpenTelemetrySdk? sdk;

    private TelemetryPipeline(OpenTelemetrySdk? sdk, MetricsPage page, bool hasLogs)
    {
        this.sdk = sdk;
        Page = page;
        Logs = hasLogs ? new OtlpLogs(sdk!.GetLoggerFactory()) : null;
    }

    /// <summary>What <c>GET /metrics</c> shows.</summary>
    public MetricsPage Page { get; }

    /// <summary>What sends logs; <c>null</c>: they stay on the console.</summary>
    public OtlpLogs? Logs { get; }

    /// <summary>Starts to collect.</summary>
    /// <exception cref="Settings.SettingException">A variable that cannot be read.</exception>
    public static TelemetryPipeline Start(IConfiguration configuration, TimeProvider time)
    {
        var settings = TelemetrySettings.Read(configuration);
        var page = new MetricsPage(time);
        if (settings.IsDisabled)
            return new TelemetryPipeline(sdk: null, page, hasLogs: false);

        var started = OpenTelemetrySdk.Create(builder =>
        {
            builder.Services.AddSingleton(configuration);
            builder.ConfigureResource(Describe);
            builder.WithMetrics(metrics => Collect(metrics, page, settings.Metrics));
            if (settings.Traces is { } traces)
                builder.WithTracing(tracing => tracing.AddSource(Sources).AddOtlpExporter(options => Apply(traces, options)));
            if (settings.Logs is { } logs)
                SendLogs(builder, logs);
        });
        return new TelemetryPipeline(started, page, settings.Logs is not null);
    }

    /// <summary>Sends what waits, within <see cref="FlushTime"/>, and stops to collect.</summary>
    public async ValueTask DisposeAsync()
    {
        if (sdk is null)
            return;

        // Each of them blocks its thread while it waits for the collector. Shutdown and Dispose alone lose the last of what waits.
        var milliseconds = (int)FlushTime.TotalMilliseconds;
        Task[] flushes =
        [
            Task.Run(() => sdk.TracerProvider.ForceFlush(milliseconds)),
            Task.Run(() => sdk.MeterProvider.ForceFlush(milliseconds)),
            Task.Run(() => sdk.LoggerProvider.ForceFlush(milliseconds)),
        ];
        var ended = Task.WhenAll(flushes).ContinueWith(_ => sdk.Dispose(), TaskScheduler.Default);

        // A collector that does not answer would hold each of the three for another five seconds; the process ends without them.
        await Task.WhenAny(ended, Task.Delay(FlushTime));
    }

    private static void Describe(ResourceBuilder resource)
    {
        var assembly = typeof(TelemetryPipeline).Assembly;
        var version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;

        // The variables come last: they win.
        resource.Clear().AddService("gateway", serviceVersion: version).AddTelemetrySdk().AddEnvironmentVariableDetector();
    }

    private static void Collect(MeterProviderBuilder metrics, MetricsPage page, OtlpTarget? target)
    {
        metrics.AddMeter(Meters).AddReader(page.Reader);
        if (target is not null)
            metrics.AddOtlpExporter(options => Apply(target, options));
    }

    private static void SendLogs(IOpenTelemetryBuilder builder, OtlpTarget target)
    {
        // The host's own filters have chosen already.
        builder.Services.AddLogging(static logging => logging.SetMinimumLevel(LogLevel.Trace));
        builder.WithLogging(
            logging => logging.AddOtlpExporter(options => Apply(target, options)),
            static options => options.IncludeFormattedMessage = true);
    }

    private static void Apply(OtlpTarget target, OtlpExporterOptions options)
    {
        if (target.IsHttp is { } http)
            options.Protocol = http ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        if (target.Endpoint is { } endpoint)
            options.Endpoint = endpoint;
        options.Headers = target.Headers ?? options.Headers;
        options.TimeoutMilliseconds = target.TimeoutMilliseconds ?? options.TimeoutMilliseconds;
    }
}
