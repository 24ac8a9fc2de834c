using System.Diagnostics.Metrics;
using Gateway.Transforms.Watchdog;

namespace Gateway.Host.Watchdog;

/// <summary>Counts what detectors do: <c>gateway.watchdog.transitions</c> of the meter <c>Gateway</c>.</summary>
internal sealed class WatchdogMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Gateway";

    /// <summary>The counter's name.</summary>
    public const string Transitions = "gateway.watchdog.transitions";

    private readonly Meter meter = new(MeterName);
    private readonly Counter<long> transitions;

    public WatchdogMetrics() =>
        transitions = meter.CreateCounter<long>(Transitions, "{transition}", "Changes of phase of the compression watchdog's detectors.");

    /// <summary>One more.</summary>
    public void Count(WatchdogTransition transition) => transitions.Add(
        1,
        new("gateway.watchdog.from", transition.From is { } from ? Name(from) : "none"),
        new("gateway.watchdog.to", Name(transition.To)));

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();

    private static string Name(DetectorPhase phase) => phase.ToString().ToLowerInvariant();
}
