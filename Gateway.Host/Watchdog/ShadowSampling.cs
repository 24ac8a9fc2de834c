using Gateway.Ledger.Book;
using Gateway.Transforms.Compression;
using Gateway.Transforms.Watchdog;

namespace Gateway.Host.Watchdog;

/// <summary>Draws the calls that are asked again. Opt-in: with a shadow rate of 0 (the default) none is, and a paused rule waits for somebody to resume it.</summary>
/// <param name="detectors">Which rules rest.</param>
/// <param name="draw">From 0 to below 1.</param>
internal sealed class ShadowSampling(Detectors detectors, Func<double> draw)
{
    /// <summary>The highest rate that a workspace may set: each sample costs two calls.</summary>
    public const double MaxRate = 0.05;

    /// <summary>Share of the calls that a probe samples where the workspace's own rate is lower, but not 0.</summary>
    public const double ProbeRate = 0.02;

    /// <summary>Whether to sample this call, for which detector, and at which strength to compress its copy; <c>null</c>: not.</summary>
    /// <param name="subject">What the advisor was asked.</param>
    /// <param name="advice">What it said.</param>
    /// <param name="rate">The workspace's <c>shadowRate</c>.</param>
    public (DetectorKey Detector, Strength CompressAt)? Draw(in CompressSubject subject, StrengthAdvice advice, double rate)
    {
        if (rate <= 0 || subject.IsDryRun)
            return null;

        var (strength, detector) = detectors.Resolve(subject.Workspace, subject.RuleId, subject.Tag, subject.Wanted);
        var isProbe = detector?.Phase == DetectorPhase.Probe;
        if (detector is { IsPaused: true } && !isProbe)
            return null;
        if (draw() >= (isProbe ? Math.Max(rate, ProbeRate) : Math.Min(rate, MaxRate)))
            return null;

        // A probe tries what a resume would serve; else the pair shows what the call got, or would have got.
        var compressAt = isProbe ? Lower(strength) : advice.Strength == Strength.Off ? strength : advice.Strength;
        if (!isProbe && compressAt != strength)
            return null;
        return (new DetectorKey(subject.Workspace, subject.RuleId, subject.Tag, Detectors.Name(strength)), compressAt);
    }

    private static Strength Lower(Strength strength) => strength > Strength.Light ? strength - 1 : Strength.Light;
}
