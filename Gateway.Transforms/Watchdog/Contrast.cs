namespace Gateway.Transforms.Watchdog;

/// <summary>How far the treated arm is below what must be kept, as one source or several see it.</summary>
/// <param name="Difference">0.9 · the control's mean − the treated mean: above 0, more than a tenth was lost. Unit: score.</param>
/// <param name="Variance">Of <paramref name="Difference"/>; more than 0.</param>
/// <param name="Drop">1 − the treated mean / the control's mean: 0.1 is a drop of 10 %; below 0, compression does better.</param>
/// <param name="Count">Scores behind it.</param>
public readonly record struct Contrast(double Difference, double Variance, double Drop, long Count)
{
    /// <summary>How many times likelier the scores are if more than a tenth was lost than if exactly a tenth was: the one-sided mixture ratio.</summary>
    /// <remarks>
    /// 2·√(V/(V+τ²)) · exp(τ²d²/(2V(V+τ²))) · Φ(dτ/√(V(V+τ²))), a half-normal mixture of normal likelihoods (Robbins 1970; Johari et al.,
    /// "Always valid inference"). With z the argument of Φ the exponent is z²/2, which the scaled tail swallows where Φ is small.
    /// </remarks>
    public double Ratio
    {
        get
        {
            const double TauSquared = WatchdogLimits.Tau * WatchdogLimits.Tau;
            var z = Difference * WatchdogLimits.Tau / Math.Sqrt(Variance * (Variance + TauSquared));
            var tail = NormalDistribution.ScaledTail(Math.Abs(z));
            var mixed = z <= 0 ? tail : Math.Exp(Math.Min(z * z / 2, 600)) - tail;
            return Math.Min(2 * Math.Sqrt(Variance / (Variance + TauSquared)) * mixed, WatchdogLimits.MostStatistic);
        }
    }

    /// <summary>The same evidence for the opposite: that at most a tenth was lost.</summary>
    public Contrast Reversed => this with { Difference = -Difference };

    /// <summary>Sources that are independent of each other, weighed by how sure each is.</summary>
    /// <param name="sources">At least one.</param>
    public static Contrast Combine(ReadOnlySpan<Contrast> sources)
    {
        double weights = 0, difference = 0, drop = 0;
        long count = 0;
        foreach (var source in sources)
        {
            var weight = 1 / source.Variance;
            weights += weight;
            difference += weight * source.Difference;
            drop += weight * source.Drop;
            count += source.Count;
        }

        return new Contrast(difference / weights, 1 / weights, drop / weights, count);
    }
}
