using System.Collections.Concurrent;
using Gateway.Host.Catalogue;
using Gateway.Transforms.Yarp;

namespace Gateway.Host.Routing;

/// <summary>Which channels answer: one circuit for each upstream model of each channel, fed by what attempts report and what YARP's probes find.</summary>
/// <remarks>It holds no more circuits than the catalogue has pairs: a channel that is gone, disabled or unknown has none, and counts as closed.</remarks>
internal sealed partial class ChannelHealth(TimeProvider time, ILogger<ChannelHealth> log) : IProbeListener
{
    // Bad news of probes stands a little longer than the time in which the next must come.
    private const int ProbesMissed = 3;

    private readonly Lock changing = new();
    private readonly ConcurrentDictionary<CircuitKey, Circuit> circuits = new();
    private volatile CatalogueSnapshot catalogue = CatalogueSnapshot.Empty;

    /// <summary>Whether the channel should not be sent to unless nothing else is left. <c>false</c> when it is half open: whether its trial is taken shows <see cref="TryBegin"/>.</summary>
    public bool IsOpen(Channel channel, string upstreamModel) =>
        circuits.TryGetValue(new CircuitKey(channel.Id, upstreamModel), out var circuit) && circuit.IsOpen;

    /// <summary>Takes leave to send. <c>false</c>: it is open, or half open with its one trial under way; after <c>true</c> a <see cref="Report"/> must follow.</summary>
    public bool TryBegin(Channel channel, string upstreamModel) => TryBegin(channel, upstreamModel, out _);

    /// <inheritdoc cref="TryBegin(Channel, string)"/>
    /// <param name="channel">The channel to send to.</param>
    /// <param name="upstreamModel">The model to ask for.</param>
    /// <param name="leave">For the report: with it late verdicts of calls from before a break change nothing.</param>
    public bool TryBegin(Channel channel, string upstreamModel, out Leave leave)
    {
        leave = default;
        return !circuits.TryGetValue(new CircuitKey(channel.Id, upstreamModel), out var circuit) || circuit.TryBegin(out leave);
    }

    /// <summary>Tells what came of an attempt; for a stream as soon as its head has come.</summary>
    /// <param name="channel">The channel that made it.</param>
    /// <param name="upstreamModel">The model that it asked for.</param>
    /// <param name="verdict">What it tells.</param>
    /// <param name="retryAfter">For <see cref="AttemptVerdict.RateLimited"/>: how long the upstream asks to be left alone, believed up to <see cref="Circuit.MaxCoolDown"/>; without it the 429 is one failure.</param>
    /// <param name="leave">What <see cref="TryBegin(Channel, string, out Leave)"/> gave; <c>null</c>: it was not asked.</param>
    public void Report(Channel channel, string upstreamModel, AttemptVerdict verdict, TimeSpan? retryAfter, Leave? leave = null)
    {
        var key = new CircuitKey(channel.Id, upstreamModel);
        var circuit = circuits.GetValueOrDefault(key) ?? (verdict == AttemptVerdict.Neutral ? null : Begin(key));
        if (circuit is null)
            return;

        var before = circuit.Phase;
        circuit.Report(verdict, retryAfter, leave);
        LogChange(key, circuit, before);
    }

    /// <inheritdoc/>
    public void Probed(string channelId, bool isAlive)
    {
        if (catalogue.FindChannel(channelId) is not { Enabled: true } channel)
            return;

        foreach (var key in KeysOf(channel))
        {
            if ((circuits.GetValueOrDefault(key) ?? (isAlive ? null : Begin(key))) is not { } circuit)
                continue;
            var before = circuit.Phase;
            circuit.Probed(isAlive, ProbesMissed * channel.ProbeInterval);
            LogChange(key, circuit, before);
        }
    }

    /// <summary>The state of every pair that was ever called, in the order of their names.</summary>
    public IReadOnlyList<ChannelState> States() =>
        [.. circuits.Select(static pair => pair.Value.Describe(pair.Key.ChannelId, pair.Key.Model))
            .OrderBy(static state => state.ChannelId, StringComparer.Ordinal).ThenBy(static state => state.Model, StringComparer.Ordinal)];

    /// <summary>The state of each upstream model of a channel, in the channel's order; those that were never called are closed.</summary>
    public IReadOnlyList<ChannelState> StatesOf(Channel channel) =>
        [.. KeysOf(channel).Select(key => circuits.TryGetValue(key, out var circuit)
            ? circuit.Describe(key.ChannelId, key.Model)
            : new ChannelState(key.ChannelId, key.Model, CircuitPhase.Closed, OpenUntil: null, Failures: 0))];

    /// <summary>Counts the phases over every pair of the catalogue's enabled channels.</summary>
    public RoutingSummary Summarize()
    {
        var phases = catalogue.Channels.Where(static channel => channel.Enabled).SelectMany(StatesOf).ToLookup(static state => state.Phase);
        return new RoutingSummary(phases[CircuitPhase.Closed].Count(), phases[CircuitPhase.HalfOpen].Count(), phases[CircuitPhase.Open].Count());
    }

    /// <summary>Follows the catalogue: circuits of what is gone go too, and those of a channel with other addresses, another credential or other limits begin anew.</summary>
    public void Update(CatalogueSnapshot next)
    {
        lock (changing)
        {
            var previous = catalogue;
            catalogue = next;
            foreach (var key in circuits.Keys)
            {
                if (Serving(next, key) is not { } now || Serving(previous, key) is not { } then || !IsSameUpstream(then, now))
                    circuits.TryRemove(key, out _);
            }
        }
    }

    private Circuit? Begin(CircuitKey key)
    {
        lock (changing)
            return Serving(catalogue, key) is { } channel ? circuits.GetOrAdd(key, static (_, made) => new Circuit(made.channel, made.time), (channel, time)) : null;
    }

    private static Channel? Serving(CatalogueSnapshot catalogue, CircuitKey key) =>
        catalogue.FindChannel(key.ChannelId) is { Enabled: true } channel && KeysOf(channel).Contains(key) ? channel : null;

    private static IEnumerable<CircuitKey> KeysOf(Channel channel) =>
        channel.Models.Select(served => new CircuitKey(channel.Id, served.UpstreamModel ?? served.Model)).Distinct();

    private static bool IsSameUpstream(Channel then, Channel now) =>
        then.Breaker == now.Breaker && then.ConnectTimeout == now.ConnectTimeout && then.FirstByteTimeout == now.FirstByteTimeout
        && then.AllowPrivateAddress == now.AllowPrivateAddress && string.Equals(then.ApiKey, now.ApiKey, StringComparison.Ordinal)
        && then.BaseUrls.SequenceEqual(now.BaseUrls, StringComparer.Ordinal);

    private void LogChange(CircuitKey key, Circuit circuit, CircuitPhase before)
    {
        var after = circuit.Phase;
        if (after == before)
            return;
        if (after == CircuitPhase.Open)
            LogOpened(key.ChannelId, key.Model, circuit.Describe(key.ChannelId, key.Model).OpenUntil);
        else if (after == CircuitPhase.Closed)
            LogClosed(key.ChannelId, key.Model);
    }

    private readonly record struct CircuitKey(string ChannelId, string Model);

    [LoggerMessage(501, LogLevel.Warning, "Channel {ChannelId} gets no calls for {Model} until {OpenUntil:O}.")]
    private partial void LogOpened(string channelId, string model, DateTimeOffset? openUntil);

    [LoggerMessage(502, LogLevel.Information, "Channel {ChannelId} gets calls for {Model} again.")]
    private partial void LogClosed(string channelId, string model);
}
