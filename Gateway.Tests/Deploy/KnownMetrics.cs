using Gateway.Host.Telemetry;
using Gateway.Host.Watchdog;
using Gateway.Ledger;

namespace Gateway.Tests.Deploy;

/// <summary>What <c>/metrics</c> may show: the series and labels that dashboards, alerts and runbooks may name.</summary>
internal static class KnownMetrics
{
    private static readonly string[] Counters =
    [
        TelemetryNames.Requests, TelemetryNames.Costs, TelemetryNames.Fallbacks, TelemetryNames.Refusals, TelemetryNames.CacheRequests, TelemetryNames.CompressSaved,
        WatchdogMetrics.Transitions, LedgerMetrics.Recorded, LedgerMetrics.Reaped, LedgerMetrics.Replayed,
        "dotnet.process.cpu.time.seconds", "dotnet.gc.heap.total_allocated.bytes", "dotnet.gc.collections", "dotnet.gc.pause.time.seconds", "dotnet.exceptions",
        "dotnet.monitor.lock_contentions",
    ];

    private static readonly string[] Gauges =
    [
        "up", TelemetryNames.ActiveRequests, TelemetryNames.BreakerState, TelemetryNames.ChannelCalls, TelemetryNames.WatchdogPaused,
        LedgerMetrics.Unrecorded, $"{LedgerMetrics.SpoolSize}.bytes", LedgerMetrics.Holds, LedgerMetrics.Part, LedgerMetrics.Epoch,
        LedgerMetrics.Drift, $"{LedgerMetrics.ReconciledAt}.seconds", LedgerMetrics.Unreconciled,
        "dotnet.process.cpu.count", "dotnet.process.memory.working_set.bytes", "dotnet.gc.last_collection.heap.size.bytes", "dotnet.thread_pool.thread.count",
        "dotnet.thread_pool.queue.length", "kestrel.active_connections", "kestrel.queued_connections",
    ];

    private static readonly string[] Histograms =
    [
        $"{TelemetryNames.ClientDuration}.seconds", TelemetryNames.ClientTokens, $"{TelemetryNames.ClientFirstChunk}.seconds", $"{TelemetryNames.ClientPerChunk}.seconds",
        $"{TelemetryNames.ServerDuration}.seconds", $"{TelemetryNames.ServerFirstToken}.seconds", $"{TelemetryNames.ServerPerToken}.seconds",
        $"{TelemetryNames.Overhead}.seconds", "http.server.request.duration.seconds",
        $"{LedgerMetrics.FrontDuration}.seconds", $"{LedgerMetrics.SpoolDuration}.seconds", $"{LedgerMetrics.BookDuration}.seconds", $"{LedgerMetrics.RecordingLag}.seconds",
        LedgerMetrics.BatchSize,
    ];

    private static readonly string[] Attributes =
    [
        TelemetryNames.Kind, TelemetryNames.HttpStatus, TelemetryNames.Outcome, TelemetryNames.Provider, TelemetryNames.RequestModel, TelemetryNames.ErrorType,
        TelemetryNames.ErrorCode, TelemetryNames.CacheStatus, TelemetryNames.CompressStrength, TelemetryNames.Channel, TelemetryNames.RouteType, TelemetryNames.TokenType,
        "gateway.watchdog.from", "gateway.watchdog.to", LedgerMetrics.Operation, LedgerMetrics.FrontName, LedgerMetrics.PartName, "check",
        "gc.heap.generation", "job", "instance", "le", "severity",
    ];

    /// <summary>The instruments of the runtime among them, with the suffixes of their units.</summary>
    public static IEnumerable<string> Runtime => Counters.Concat(Gauges).Where(static name => name.StartsWith("dotnet.", StringComparison.Ordinal));

    /// <summary>The names of series.</summary>
    public static IReadOnlySet<string> Series { get; } = Counters.Select(static name => $"{Clean(name)}_total")
        .Concat(Gauges.Select(Clean))
        .Concat(Histograms.SelectMany(static name => (string[])[$"{Clean(name)}_bucket", $"{Clean(name)}_sum", $"{Clean(name)}_count"]))
        .Concat(AlertRules.All.Where(static rule => !rule.IsAlert).Select(static rule => rule.Name))
        .ToHashSet(StringComparer.Ordinal);

    /// <summary>The names of histograms, which a text may name without a suffix.</summary>
    public static IReadOnlySet<string> Families { get; } = Histograms.Select(Clean).ToHashSet(StringComparer.Ordinal);

    /// <summary>The names of labels.</summary>
    public static IReadOnlySet<string> Labels { get; } = Attributes.Select(Clean).ToHashSet(StringComparer.Ordinal);

    private static string Clean(string name) => name.Replace('.', '_');
}
