using System.Collections.Immutable;
using Gateway.Transforms.Compression;

namespace Gateway.Transforms.Watchdog;

/// <summary>All that a detector knows: one for each workspace, rule, tag and strength. Immutable, and a pure function of what it was told and when.</summary>
/// <remarks>
/// Warmup → Active ⇄ Suspect ⇄ Warn → Paused → Probe → Active. The test is a windowed one-sided mixture ratio (<see cref="Contrast.Ratio"/>), looked at
/// whenever a bucket closes. A detector that resumed at a lower strength (<see cref="Serves"/>) counts no more: the lower strength has its own.
/// </remarks>
public sealed partial record DetectorState
{
    /// <summary>The strength that is watched: never <see cref="Strength.Off"/>.</summary>
    public required Strength Strength { get; init; }

    /// <summary>The strength that conversations get instead since the last resume; the same as <see cref="Strength"/> before one.</summary>
    public required Strength Serves { get; init; }

    /// <summary>Where it stands.</summary>
    public DetectorPhase Phase { get; init; }

    /// <summary>Since when.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Calls from before this moment do not count.</summary>
    public required DateTimeOffset CountsFrom { get; init; }

    /// <summary>What each source said, in order of first score.</summary>
    public ImmutableArray<SourceEvidence> Sources { get; init; } = [];

    /// <summary>What shadow pairs said; <c>null</c>: there were none.</summary>
    public PairEvidence? Pairs { get; init; }

    /// <summary>The last look at the evidence; while it rests, the one that paused it.</summary>
    public Finding Finding { get; init; } = Finding.None;

    /// <summary>When the rest ends; <c>null</c>: it does not rest, or until somebody resumes it.</summary>
    public DateTimeOffset? RestsUntil { get; init; }

    /// <summary>Whether running conversations are paused too.</summary>
    public bool PausesRunning { get; init; }

    /// <summary>Rests since somebody last resumed it by hand: each is twice as long as the one before.</summary>
    public int Rests { get; init; }

    /// <summary>Resumes of the last <see cref="WatchdogLimits.ResumesCountFor"/> that nobody asked for.</summary>
    public ImmutableArray<DateTimeOffset> Resumes { get; init; } = [];

    /// <summary>The pairs of the running probe.</summary>
    public PairBucket Probe { get; init; }

    /// <summary>Whether it was ever given a score: only then is there something to compare a hold-out by. Shadow pairs need none.</summary>
    public bool IsScored { get; init; }

    /// <summary>Transitions, ever: of two states of one detector the one with more is the newer.</summary>
    public long Changes { get; init; }

    /// <summary>Resumes by hand, ever: what a gateway remembers of running conversations is from one edition.</summary>
    public int Edition { get; init; }

    /// <summary>Whether conversations go uncompressed.</summary>
    public bool IsPaused => Phase is DetectorPhase.Paused or DetectorPhase.Probe;

    /// <summary>Whether only a person can resume it.</summary>
    public bool NeedsHand => Phase == DetectorPhase.Paused && RestsUntil is null;

    /// <summary>Whether scores count.</summary>
    public bool Counts => !IsPaused && Serves == Strength;

    /// <summary>Share of the conversations that is held out. 0 to 1.</summary>
    public double HoldOut => !Counts || !IsScored ? 0 : Phase is DetectorPhase.Suspect or DetectorPhase.Warn ? WatchdogLimits.WideHoldOut : WatchdogLimits.HoldOut;

    /// <summary>The strength that a resume would serve: one lower, and light stays light.</summary>
    public Strength ResumesAt => Strength > Strength.Light ? Strength - 1 : Strength.Light;

    /// <summary>A detector that knows nothing yet.</summary>
    public static DetectorState New(Strength strength, DateTimeOffset now) =>
        new() { Strength = strength, Serves = strength, Since = now, CountsFrom = DateTimeOffset.UnixEpoch };

    /// <summary>With one score more. The first one begins the hold-out, and is a transition of its own.</summary>
    /// <param name="score">The score; where its arm says that no experiment ran, it begins one and does not count.</param>
    /// <param name="now">When it came.</param>
    public DetectorStep Apply(in Score score, DateTimeOffset now)
    {
        var step = Advance(now);
        if (!step.State.IsScored)
            step = step.Then((step.State with { IsScored = true }).ScoredFirst(now));
        var state = step.State;
        if (!state.Counts || score.Arm is not (Arm.Treated or Arm.Control) || score.CalledAt < state.CountsFrom)
            return step;

        var at = state.IndexOf(score.Source);
        var before = at < 0 ? SourceEvidence.Empty(score.Source, now) : state.Sources[at];
        if (before.Add(score, now) is not { } after)
            return step;

        var sources = at < 0 ? state.Sources.Add(after) : state.Sources.SetItem(at, after);
        var added = state with { Sources = sources };
        return after.Open == default ? step.Then(added.Judge(now)) : step with { State = added };
    }

    /// <summary>With one shadow pair more, which counts for the probe while there is one.</summary>
    /// <param name="pair">The pair.</param>
    /// <param name="now">When it came.</param>
    public DetectorStep Apply(in ScorePair pair, DateTimeOffset now)
    {
        var step = Advance(now);
        var state = step.State;
        if (pair.CalledAt < state.CountsFrom)
            return step;
        if (state.Phase == DetectorPhase.Probe)
            return step.Then(state.ApplyToProbe(pair, now));
        if (!state.Counts)
            return step;

        var pairs = (state.Pairs ?? PairEvidence.Empty(now)).Add(pair, now);
        var added = state with { Pairs = pairs };
        return pairs.Open == default ? step.Then(added.Judge(now)) : step with { State = added };
    }

    private int IndexOf(ScoreSource source)
    {
        for (var i = 0; i < Sources.Length; i++)
        {
            if (Sources[i].Source == source)
                return i;
        }

        return -1;
    }
}

/// <summary>A detector after something happened, and the changes of phase on the way.</summary>
/// <param name="State">How it is now.</param>
/// <param name="Transitions">In order; mostly none.</param>
public sealed record DetectorStep(DetectorState State, IReadOnlyList<WatchdogTransition> Transitions)
{
    /// <summary>This step, and the one that follows it.</summary>
    public DetectorStep Then(DetectorStep next) =>
        Transitions.Count == 0 ? next : next with { Transitions = [.. Transitions, .. next.Transitions] };
}
