namespace Gateway.Transforms.Watchdog;

/// <content>How the phase changes.</content>
public sealed partial record DetectorState
{
    /// <summary>What time alone changes: a rest that is over.</summary>
    public DetectorStep Advance(DateTimeOffset now)
    {
        if (Phase != DetectorPhase.Paused || RestsUntil is not { } until || now < until)
            return Unchanged;

        // The pairs of before the rest would try what was already judged.
        return (this with { Probe = default, CountsFrom = now, RestsUntil = null }).To(DetectorPhase.Probe, TransitionReason.Rested, Finding, now);
    }

    /// <summary>Somebody resumes it, at the strength that the rule asks for and at once; no change where there is nothing to resume.</summary>
    public DetectorStep ResumeByHand(DateTimeOffset now)
    {
        if (!IsPaused && Serves == Strength)
            return Unchanged;

        return (Cleared(now) with { Serves = Strength, Rests = 0, Resumes = [], Edition = Edition + 1 })
            .To(DetectorPhase.Active, TransitionReason.ByHand, Finding, now);
    }

    private DetectorStep Unchanged => new(this, []);

    private DetectorStep ScoredFirst(DateTimeOffset now) =>
        new(
            this with { Changes = Changes + 1 },
            [new WatchdogTransition(From: null, Phase, TransitionReason.FirstScore, now, Finding.Difference, 100 * Finding.Drop, Finding.Count, Finding.Statistic, Finding.Window)]);

    // A bucket was closed.
    private DetectorStep Judge(DateTimeOffset now)
    {
        var found = Finding.Look(Sources, Pairs, now);
        if (found is null && Phase == DetectorPhase.Warmup)
            return Unchanged;

        var finding = found ?? Finding.None;
        var judged = this with { Finding = finding };
        var phase = finding.Statistic switch
        {
            >= WatchdogLimits.PauseAt => DetectorPhase.Paused,
            >= WatchdogLimits.WarnAt => DetectorPhase.Warn,
            >= WatchdogLimits.SuspectAt => DetectorPhase.Suspect,
            _ => DetectorPhase.Active,
        };
        if (phase == DetectorPhase.Paused)
            return judged.Pause(finding, TransitionReason.Statistic, finding.Drop >= WatchdogLimits.DropForAll, now);
        return phase == Phase ? new DetectorStep(judged, []) : judged.To(phase, TransitionReason.Statistic, finding, now);
    }

    private DetectorStep ApplyToProbe(in ScorePair pair, DateTimeOffset now)
    {
        var probe = Probe.Add(pair.Control, pair.Treated);
        var added = this with { Probe = probe };
        if (probe.Count % WatchdogLimits.BucketSize != 0)
            return new DetectorStep(added, []);

        var contrast = probe.Contrast?.Reversed;
        var finding = contrast is { } known ? new Finding(known.Ratio, -known.Difference, known.Drop, probe.Count, (int)probe.Count) : Finding.None;
        if (finding.Statistic >= WatchdogLimits.ResumeAt)
            return added.Resume(finding, now);
        return probe.Count >= WatchdogLimits.MostProbePairs
            ? added.Pause(finding, TransitionReason.Undecided, PausesRunning, now)
            : new DetectorStep(added, []);
    }

    private DetectorStep Resume(Finding finding, DateTimeOffset now)
    {
        var resumed = Cleared(now) with { Serves = ResumesAt, Resumes = [.. RecentResumes(now), now] };
        return resumed.To(DetectorPhase.Active, TransitionReason.Statistic, finding, now);
    }

    private DetectorStep Pause(Finding finding, TransitionReason reason, bool pausesRunning, DateTimeOffset now)
    {
        var recent = RecentResumes(now);
        var rest = WatchdogLimits.FirstRest * Math.Pow(2, Math.Min(Rests, 16));
        var paused = Cleared(now) with
        {
            Finding = finding,
            PausesRunning = pausesRunning,
            Rests = Rests + 1,
            Resumes = [.. recent],
            RestsUntil = recent.Count >= WatchdogLimits.MostResumes ? null : now + (rest < WatchdogLimits.LongestRest ? rest : WatchdogLimits.LongestRest),
        };
        return paused.To(DetectorPhase.Paused, reason, finding, now);
    }

    // Whatever comes next is judged by what comes next.
    private DetectorState Cleared(DateTimeOffset now) =>
        this with { Sources = [], Pairs = null, Probe = default, Finding = Finding.None, RestsUntil = null, PausesRunning = false, CountsFrom = now };

    private List<DateTimeOffset> RecentResumes(DateTimeOffset now) => [.. Resumes.Where(at => now - at < WatchdogLimits.ResumesCountFor)];

    private DetectorStep To(DetectorPhase phase, TransitionReason reason, Finding finding, DateTimeOffset now)
    {
        var transition = new WatchdogTransition(
            Phase, phase, reason, now, finding.Difference, 100 * finding.Drop, finding.Count, finding.Statistic, finding.Window);
        return new DetectorStep(this with { Phase = phase, Since = now, Changes = Changes + 1 }, [transition]);
    }
}
