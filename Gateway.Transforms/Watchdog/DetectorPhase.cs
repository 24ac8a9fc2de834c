namespace Gateway.Transforms.Watchdog;

/// <summary>Where a detector stands.</summary>
public enum DetectorPhase
{
    /// <summary>Too few scores to say anything.</summary>
    Warmup,

    /// <summary>Nothing speaks against the rule.</summary>
    Active,

    /// <summary>Something does: half of the conversations are held out, so that it shows sooner.</summary>
    Suspect,

    /// <summary>A lot does.</summary>
    Warn,

    /// <summary>The rule rests.</summary>
    Paused,

    /// <summary>It still rests, and shadow pairs try whether it may resume.</summary>
    Probe,
}

/// <summary>Why a detector changed its phase.</summary>
public enum TransitionReason
{
    /// <summary>Its first score: the hold-out begins.</summary>
    FirstScore,

    /// <summary>The statistic.</summary>
    Statistic,

    /// <summary>The rest is over.</summary>
    Rested,

    /// <summary>The probe ended without a decision.</summary>
    Undecided,

    /// <summary>Somebody resumed it.</summary>
    ByHand,
}

/// <summary>A change of phase, with the evidence for it.</summary>
/// <param name="From">The phase before; <c>null</c>: nothing was compared before.</param>
/// <param name="To">The phase since.</param>
/// <param name="Reason">Why.</param>
/// <param name="At">When.</param>
/// <param name="Difference">d: 0.9 · the control's mean − the treated mean. Unit: score.</param>
/// <param name="DropPercent">How much worse the treated arm does. Unit: percent of the control's mean.</param>
/// <param name="Count">n: the scores behind it.</param>
/// <param name="Statistic">What was compared with the limits.</param>
/// <param name="Window">The newest so many buckets (of a probe: pairs) that it is the statistic of.</param>
public sealed record WatchdogTransition(
    DetectorPhase? From, DetectorPhase To, TransitionReason Reason, DateTimeOffset At, double Difference, double DropPercent, long Count, double Statistic, int Window);
