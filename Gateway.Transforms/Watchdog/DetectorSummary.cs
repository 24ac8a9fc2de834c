using Gateway.Transforms.Compression;

namespace Gateway.Transforms.Watchdog;

/// <summary>What others need to know of a detector: gateways, to advise; people, to understand.</summary>
public sealed record DetectorSummary
{
    /// <inheritdoc cref="DetectorState.Phase"/>
    public required DetectorPhase Phase { get; init; }

    /// <inheritdoc cref="DetectorState.Since"/>
    public required DateTimeOffset Since { get; init; }

    /// <inheritdoc cref="DetectorState.Serves"/>
    public required Strength Serves { get; init; }

    /// <inheritdoc cref="DetectorState.HoldOut"/>
    public required double HoldOut { get; init; }

    /// <inheritdoc cref="Finding.Statistic"/>
    public required double Statistic { get; init; }

    /// <inheritdoc cref="Finding.Difference"/>
    public required double Difference { get; init; }

    /// <summary>How much worse the treated arm does. Unit: percent of the control's mean.</summary>
    public required double DropPercent { get; init; }

    /// <inheritdoc cref="Finding.Count"/>
    public required long Count { get; init; }

    /// <inheritdoc cref="Finding.Window"/>
    public required int Window { get; init; }

    /// <inheritdoc cref="DetectorState.RestsUntil"/>
    public DateTimeOffset? RestsUntil { get; init; }

    /// <inheritdoc cref="DetectorState.NeedsHand"/>
    public required bool NeedsHand { get; init; }

    /// <inheritdoc cref="DetectorState.PausesRunning"/>
    public required bool PausesRunning { get; init; }

    /// <summary>Pairs of the running probe.</summary>
    public required long ProbePairs { get; init; }

    /// <inheritdoc cref="DetectorState.Edition"/>
    public required int Edition { get; init; }

    /// <inheritdoc cref="DetectorState.Changes"/>
    public required long Changes { get; init; }

    /// <inheritdoc cref="DetectorState.IsPaused"/>
    public bool IsPaused => Phase is DetectorPhase.Paused or DetectorPhase.Probe;

    /// <summary>Of this state.</summary>
    public static DetectorSummary Of(DetectorState state) => new()
    {
        Phase = state.Phase,
        Since = state.Since,
        Serves = state.Serves,
        HoldOut = state.HoldOut,
        Statistic = state.Finding.Statistic,
        Difference = state.Finding.Difference,
        DropPercent = 100 * state.Finding.Drop,
        Count = state.Finding.Count,
        Window = state.Finding.Window,
        RestsUntil = state.RestsUntil,
        NeedsHand = state.NeedsHand,
        PausesRunning = state.PausesRunning,
        ProbePairs = state.Probe.Count,
        Edition = state.Edition,
        Changes = state.Changes,
    };
}
