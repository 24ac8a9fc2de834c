namespace Gateway.Transforms.Watchdog;

/// <summary>The standard normal distribution, to about twelve digits, far out in its tail too.</summary>
/// <remarks>Hart's rational approximation of 1968 as G. West gives it, "Better approximations to cumulative normal functions", Wilmott Magazine, May 2005.</remarks>
public static class NormalDistribution
{
    // From here on the rational form loses digits of the tail, and forty terms of the continued fraction have them all.
    private const double Far = 4;
    private const int Terms = 40;
    private const double RootOfTwoPi = 2.5066282746310002;

    /// <summary>P(Z ≤ <paramref name="z"/>). From 0 to 1.</summary>
    public static double Cumulative(double z)
    {
        var tail = Math.Exp(-z * z / 2) * ScaledTail(Math.Abs(z));
        return z > 0 ? 1 - tail : tail;
    }

    /// <summary>P(Z ≥ <paramref name="z"/>) · exp(z²/2) for z ≥ 0: it neither overflows nor vanishes, however large z is.</summary>
    public static double ScaledTail(double z)
    {
        if (z >= Far)
            return FarTail(z);

        var above = 3.52624965998911E-02;
        above = above * z + 0.700383064443688;
        above = above * z + 6.37396220353165;
        above = above * z + 33.912866078383;
        above = above * z + 112.079291497871;
        above = above * z + 221.213596169931;
        above = above * z + 220.206867912376;
        var below = 8.83883476483184E-02;
        below = below * z + 1.75566716318264;
        below = below * z + 16.064177579207;
        below = below * z + 86.7807322029461;
        below = below * z + 296.564248779674;
        below = below * z + 637.333633378831;
        below = below * z + 793.826512519948;
        below = below * z + 440.413735824752;
        return above / below;
    }

    // Laplace's continued fraction: 1/(z + 1/(z + 2/(z + 3/(z + …)))).
    private static double FarTail(double z)
    {
        var fraction = z;
        for (var n = Terms; n > 0; n--)
            fraction = z + n / fraction;
        return 1 / (fraction * RootOfTwoPi);
    }
}
