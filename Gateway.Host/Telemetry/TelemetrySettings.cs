using System.Globalization;
using Gateway.Host.Settings;

namespace Gateway.Host.Telemetry;

/// <summary>What the standard variables of OpenTelemetry ask for. What is not named here, the SDK reads itself.</summary>
/// <remarks>
/// The SDK ignores a value that it cannot read; here it stops the start as any wrong setting does. An empty variable is one that is not set.
/// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
/// </remarks>
internal sealed record TelemetrySettings
{
    private static readonly string[] Samplers =
        ["always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"];

    private static readonly string[] Counts =
    [
        "OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_EXPORT_TIMEOUT", "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
        "OTEL_BLRP_SCHEDULE_DELAY", "OTEL_BLRP_EXPORT_TIMEOUT", "OTEL_BLRP_MAX_QUEUE_SIZE", "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
        "OTEL_METRIC_EXPORT_INTERVAL", "OTEL_METRIC_EXPORT_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT",
    ];

    /// <summary>Whether nothing at all is measured: <c>OTEL_SDK_DISABLED=true</c>. Default no.</summary>
    public bool IsDisabled { get; init; }

    /// <summary>Where spans go; <c>null</c>: nowhere, and none are made.</summary>
    public OtlpTarget? Traces { get; init; }

    /// <summary>Where metrics are sent; <c>null</c>: nowhere, <c>GET /metrics</c> alone shows them.</summary>
    public OtlpTarget? Metrics { get; init; }

    /// <summary>Where logs go besides the console; <c>null</c>: nowhere.</summary>
    public OtlpTarget? Logs { get; init; }

    /// <summary>Reads and checks them.</summary>
    /// <exception cref="SettingException">The first mistake.</exception>
    public static TelemetrySettings Read(IConfiguration configuration)
    {
        foreach (var name in Counts)
            CheckCount(configuration, name);
        CheckSampler(configuration);
        return new TelemetrySettings
        {
            IsDisabled = OneOf(configuration, "OTEL_SDK_DISABLED", "false", "true") == 1,
            Traces = Target(configuration, "TRACES"),
            Metrics = Target(configuration, "METRICS"),
            Logs = Target(configuration, "LOGS"),
        };
    }

    // A signal leaves where it has an endpoint, or is said to; the SDK's own default is to send all of them to localhost.
    private static OtlpTarget? Target(IConfiguration configuration, string signal)
    {
        var common = Endpoint(configuration, "OTEL_EXPORTER_OTLP_ENDPOINT");
        var own = Endpoint(configuration, $"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT");
        OneOf(configuration, "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "http/protobuf");
        var protocol = OneOf(configuration, $"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL", "grpc", "http/protobuf");
        var exporter = signal is "METRICS"
            ? OneOf(configuration, "OTEL_METRICS_EXPORTER", "none", "otlp", "prometheus")
            : OneOf(configuration, $"OTEL_{signal}_EXPORTER", "none", "otlp");
        CheckCount(configuration, $"OTEL_EXPORTER_OTLP_{signal}_TIMEOUT");
        if (exporter is not null and not 1 || (exporter is null && common is null && own is null))
            return null;

        var timeout = Text(configuration, $"OTEL_EXPORTER_OTLP_{signal}_TIMEOUT");
        return new OtlpTarget
        {
            Endpoint = own,
            IsHttp = protocol is null ? null : protocol == 1,
            Headers = Text(configuration, $"OTEL_EXPORTER_OTLP_{signal}_HEADERS"),
            TimeoutMilliseconds = timeout is null ? null : int.Parse(timeout, CultureInfo.InvariantCulture),
        };
    }

    private static void CheckSampler(IConfiguration configuration)
    {
        OneOf(configuration, "OTEL_TRACES_SAMPLER", Samplers);
        if (Text(configuration, "OTEL_TRACES_SAMPLER_ARG") is { } ratio
            && !(double.TryParse(ratio, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number is >= 0 and <= 1))
            throw new SettingException("OTEL_TRACES_SAMPLER_ARG", $"\"{ratio}\" is not from 0 to 1.");
    }

    private static void CheckCount(IConfiguration configuration, string name)
    {
        if (Text(configuration, name) is { } text && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0))
            throw new SettingException(name, $"\"{text}\" is not a whole number from 1 to {int.MaxValue}.");
    }

    // Its value is not repeated: it may hold a password.
    private static Uri? Endpoint(IConfiguration configuration, string name)
    {
        if (Text(configuration, name) is not { } text)
            return null;
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new SettingException(name, "is not an address as http://collector:4317.");
    }

    private static int? OneOf(IConfiguration configuration, string name, params string[] values)
    {
        if (Text(configuration, name) is not { } text)
            return null;
        var index = Array.FindIndex(values, value => value.Equals(text, StringComparison.OrdinalIgnoreCase));
        return index >= 0 ? index : throw new SettingException(name, $"\"{text}\" is not one of {string.Join(", ", values)}.");
    }

    private static string? Text(IConfiguration configuration, string name) => configuration[name]?.Trim() is { Length: > 0 } text ? text : null;
}

/// <summary>What one signal sets apart from <c>OTEL_EXPORTER_OTLP_*</c>, which hold for what is <c>null</c> here.</summary>
/// <remarks>The exporter that is built for one signal does not read that signal's own variables.</remarks>
internal sealed record OtlpTarget
{
    /// <summary>Used as it is: with HTTP it names the path too.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary><c>http/protobuf</c> rather than gRPC.</summary>
    public bool? IsHttp { get; init; }

    /// <summary><c>name=value,…</c>: credentials of the collector.</summary>
    public string? Headers { get; init; }

    /// <summary>The longest wait for one export. 1 or more.</summary>
    public int? TimeoutMilliseconds { get; init; }
}
