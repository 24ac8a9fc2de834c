using System.Text.Json;
using Gateway.Ledger.Book;
using Gateway.Transforms.Compression;
using Gateway.Transforms.Watchdog;

namespace Gateway.Host.Watchdog;

/// <summary>Between the store's bytes and the detector's pure functions. Holds the transitions of the last run, for a store may run it again.</summary>
internal sealed class DetectorFold
{
    /// <summary>The transitions that the last run came to.</summary>
    public IReadOnlyList<WatchdogTransition> Transitions { get; private set; } = [];

    /// <summary>The summary that the last run came to; empty: it did not run, or changed nothing.</summary>
    public byte[] Summary { get; private set; } = [];

    /// <summary>Applies something to a stored state.</summary>
    /// <param name="state">The stored state; <c>null</c>: a new detector.</param>
    /// <param name="strength">The strength of a new one.</param>
    /// <param name="now">When.</param>
    /// <param name="apply">What happens to it.</param>
    public DetectorChange Run(byte[]? state, Strength strength, DateTimeOffset now, Func<DetectorState, DetectorStep> apply)
    {
        var before = state is null ? DetectorState.New(strength, now) : DetectorJson.Read(state);
        var step = apply(before);
        Transitions = step.Transitions;
        Summary = JsonSerializer.SerializeToUtf8Bytes(DetectorSummary.Of(step.State), DetectorJson.Options);
        return new DetectorChange(DetectorJson.Write(step.State), Summary, [.. step.Transitions.Select(Document)]);
    }

    /// <summary>As <see cref="Run"/>, where nothing is to be written if no phase changed.</summary>
    public DetectorChange? RunIfChanged(byte[] state, DateTimeOffset now, Func<DetectorState, DetectorStep> apply)
    {
        var change = Run(state, Strength.Light, now, apply);
        if (change.Transitions.Count > 0)
            return change;
        Summary = [];
        return null;
    }

    private static (byte[]? Before, byte[] After) Document(WatchdogTransition transition) => (
        transition.From is { } from ? JsonSerializer.SerializeToUtf8Bytes(new PhaseDocument(from), DetectorJson.Options) : null,
        JsonSerializer.SerializeToUtf8Bytes(transition, DetectorJson.Options));

    private sealed record PhaseDocument(DetectorPhase Phase);
}
