using System.Text.Json.Serialization;

namespace Gateway.Transforms.Watchdog;

/// <summary>Shadow pairs: each request was answered both ways, and both answers were scored. Exact sums, as in <see cref="ArmSums"/>.</summary>
/// <param name="Control">Scores of the answers without compression.</param>
/// <param name="Treated">Scores of the answers with it.</param>
/// <param name="Products">Sum of their products. Unit: millionths of millionths.</param>
[JsonConverter(typeof(PairBucketConverter))]
public readonly record struct PairBucket(ArmSums Control, ArmSums Treated, long Products)
{
    /// <summary>Pairs.</summary>
    public long Count => Control.Count;

    /// <summary>Whether it has enough.</summary>
    public bool IsFull => Count >= WatchdogLimits.BucketSize;

    /// <summary>What it says; <c>null</c>: too few pairs, or a control that has nothing to lose.</summary>
    public Contrast? Contrast
    {
        get
        {
            if (Count < WatchdogLimits.FewestPairs || Control.Mean < WatchdogLimits.LeastControlMean)
                return null;

            // The variance of 0.9·c − t from pair to pair: what both answers share cancels out.
            const double Kept = WatchdogLimits.Kept;
            const double Unit = (double)ArmSums.One * ArmSums.One;
            var difference = Kept * Control.Mean - Treated.Mean;
            var squares = (Kept * Kept * Control.Squares - 2 * Kept * Products + Treated.Squares) / Unit;
            var spread = Math.Max(squares - Count * difference * difference, 0);
            var variance = (spread + WatchdogLimits.PriorCount * WatchdogLimits.PriorVariance) / (Count + WatchdogLimits.PriorCount);
            return new Contrast(difference, variance / Count, 1 - Treated.Mean / Control.Mean, 2 * Count);
        }
    }

    /// <summary>With one pair more. Unit: millionths.</summary>
    public PairBucket Add(long control, long treated) => new(Control.Add(control), Treated.Add(treated), Products + control * treated);

    /// <summary>Both together.</summary>
    public static PairBucket operator +(PairBucket left, PairBucket right) =>
        new(left.Control + right.Control, left.Treated + right.Treated, left.Products + right.Products);
}
