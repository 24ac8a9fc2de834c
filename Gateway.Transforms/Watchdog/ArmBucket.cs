using System.Text.Json.Serialization;

namespace Gateway.Transforms.Watchdog;

/// <summary>Scores of both arms from one stretch of time.</summary>
/// <param name="Control">Of conversations that were held out.</param>
/// <param name="Treated">Of conversations that were compressed.</param>
[JsonConverter(typeof(ArmBucketConverter))]
public readonly record struct ArmBucket(ArmSums Control, ArmSums Treated)
{
    /// <summary>Whether it has enough of both arms.</summary>
    public bool IsFull => Control.Count >= WatchdogLimits.BucketSize && Treated.Count >= WatchdogLimits.BucketSize;

    /// <summary>What it says; <c>null</c>: too few scores, or a control that has nothing to lose.</summary>
    public Contrast? Contrast
    {
        get
        {
            if (Control.Count < WatchdogLimits.FewestControl || Treated.Count < WatchdogLimits.FewestTreated || Control.Mean < WatchdogLimits.LeastControlMean)
                return null;

            const double Kept = WatchdogLimits.Kept;
            return new Contrast(
                Kept * Control.Mean - Treated.Mean,
                Kept * Kept * Control.Variance / Control.Count + Treated.Variance / Treated.Count,
                1 - Treated.Mean / Control.Mean,
                Control.Count + Treated.Count);
        }
    }

    /// <summary>Both together.</summary>
    public static ArmBucket operator +(ArmBucket left, ArmBucket right) => new(left.Control + right.Control, left.Treated + right.Treated);
}
