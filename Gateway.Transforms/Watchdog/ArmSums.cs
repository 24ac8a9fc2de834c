namespace Gateway.Transforms.Watchdog;

/// <summary>What is kept of the scores of one arm: exact sums, so that any order of adding gives the same.</summary>
/// <param name="Count">Scores.</param>
/// <param name="Sum">Unit: millionths.</param>
/// <param name="Squares">Sum of the squares. Unit: millionths of millionths; a bucket of nine million scores would overflow it, and none comes near.</param>
public readonly record struct ArmSums(long Count, long Sum, long Squares)
{
    /// <summary>A score of 1. Unit: millionths.</summary>
    public const long One = 1_000_000;

    /// <summary>From 0 to 1; <see cref="Count"/> must not be 0.</summary>
    public double Mean => (double)Sum / One / Count;

    /// <summary>The variance of one score, with the prior's weight in it.</summary>
    public double Variance
    {
        get
        {
            var spread = (double)Squares / One / One - Count * Mean * Mean;
            return (Math.Max(spread, 0) + WatchdogLimits.PriorCount * WatchdogLimits.PriorVariance) / (Count + WatchdogLimits.PriorCount);
        }
    }

    /// <summary>With one score more.</summary>
    public ArmSums Add(long millionths) => new(Count + 1, Sum + millionths, Squares + millionths * millionths);

    /// <summary>Both together.</summary>
    public static ArmSums operator +(ArmSums left, ArmSums right) =>
        new(left.Count + right.Count, left.Sum + right.Sum, left.Squares + right.Squares);
}
