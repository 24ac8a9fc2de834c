using System.Diagnostics.Metrics;
using Gateway.Host.Catalogue;
using Gateway.Host.Pipeline;
using Gateway.Host.Routing;
using Gateway.Host.Watchdog;

namespace Gateway.Host.Telemetry;

/// <summary>What is so at the moment of a look: breakers, open calls of channels, rules that the watchdog paused. Costs nothing between two looks.</summary>
internal sealed class StateMetrics
{
    private readonly CatalogueSource _catalogue;
    private readonly ChannelHealth _health;
    private readonly ChannelLoad _load;

    public StateMetrics(IMeterFactory meters, CatalogueSource catalogue, ChannelHealth health, ChannelLoad load, Detectors detectors)
    {
        (_catalogue, _health, _load) = (catalogue, health, load);
        var meter = meters.Create(TelemetryNames.Gateway);
        meter.CreateObservableGauge(TelemetryNames.BreakerState, Breakers, "{state}", "The breaker of a channel's model: 0 closed, 1 half-open, 2 open.");
        meter.CreateObservableGauge(TelemetryNames.ChannelCalls, Calls, "{call}", "Calls that are open on a channel.");
        meter.CreateObservableGauge(TelemetryNames.WatchdogPaused, () => detectors.PausedCount, "{detector}", "Detectors of the compression watchdog that are paused.");
    }

    private IEnumerable<Measurement<int>> Breakers()
    {
        foreach (var state in _health.States())
        {
            var value = state.Phase switch { CircuitPhase.Closed => 0, CircuitPhase.HalfOpen => 1, _ => 2 };
            yield return new Measurement<int>(value, new(TelemetryNames.Channel, state.ChannelId), new(TelemetryNames.RequestModel, state.Model));
        }
    }

    private IEnumerable<Measurement<int>> Calls()
    {
        foreach (var channel in _catalogue.Current.Channels)
            yield return new Measurement<int>(_load.Open(channel), new KeyValuePair<string, object?>(TelemetryNames.Channel, channel.Id));
    }
}
