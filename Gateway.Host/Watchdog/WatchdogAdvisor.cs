using Gateway.Transforms.Compression;
using Gateway.Transforms.Watchdog;

namespace Gateway.Host.Watchdog;

/// <summary>Decides which conversations a compress rule changes: holds some out where scores come, and none while the rule rests.</summary>
/// <remarks>
/// A change of the watchdog's mind is for new conversations: a running one keeps what it got until it was idle for ten minutes, so that no prefix that a
/// provider has cached is written differently. A drop of 30 % or more pauses running ones too, and a resume by hand resumes them.
/// </remarks>
internal sealed class WatchdogAdvisor(Detectors detectors, RunningConversations running, UnitHash units) : IStrengthAdvisor
{
    /// <inheritdoc/>
    public StrengthAdvice Advise(in CompressSubject subject)
    {
        var unit = units.Of(subject);
        var treatment = running.Find(unit, subject.Wanted) is { } before && Holds(subject, before) ? before : Decide(subject, unit);
        if (!subject.IsDryRun)
            running.Remember(unit, subject.Wanted, treatment);
        return new StrengthAdvice(treatment.Strength, treatment.Arm);
    }

    private bool Holds(in CompressSubject subject, in Treatment before)
    {
        var detector = detectors.Find(subject.Workspace, subject.RuleId, subject.Tag, before.Watched);
        if ((detector?.Edition ?? 0) != before.Edition)
            return false;
        return before.Strength == Strength.Off || detector is not { IsPaused: true, PausesRunning: true };
    }

    private Treatment Decide(in CompressSubject subject, ulong unit)
    {
        var (strength, detector) = detectors.Resolve(subject.Workspace, subject.RuleId, subject.Tag, subject.Wanted);
        if (detector is null)
            return new Treatment(strength, Arm.None, strength, Edition: 0);
        if (detector.IsPaused)
            return new Treatment(Strength.Off, Arm.Paused, strength, detector.Edition);
        if (detector.HoldOut <= 0)
            return new Treatment(strength, Arm.None, strength, detector.Edition);
        return UnitHash.Place(unit) < detector.HoldOut
            ? new Treatment(Strength.Off, Arm.Control, strength, detector.Edition)
            : new Treatment(strength, Arm.Treated, strength, detector.Edition);
    }
}
