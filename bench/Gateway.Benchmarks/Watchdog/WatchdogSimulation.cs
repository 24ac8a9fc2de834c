using Gateway.Transforms.Compression;
using Gateway.Transforms.Watchdog;

namespace Gateway.Benchmarks.Watchdog;

/// <summary>One kind of traffic to watch.</summary>
/// <param name="Judge">Scores in quarters, as a judge gives them; else 0 or 1, as a thumb does. The mean without compression is 0.8.</param>
/// <param name="Drop">How much worse compression is. 0.1: 10 %.</param>
/// <param name="Horizon">Scores after which a run ends.</param>
/// <param name="Adaptive">Whether the hold-out widens on suspicion; else it stays 10 %.</param>
internal sealed record SimulatedTraffic(bool Judge, double Drop, int Horizon, bool Adaptive)
{
    /// <summary>Scores without any drop before it begins.</summary>
    public int Healthy { get; init; }
}

/// <summary>Feeds a detector with made-up scores: the same ones for the same seed, on any machine.</summary>
internal static class WatchdogSimulation
{
    private const double Mean = 0.8;
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Scores from the beginning of the drop to the pause; <c>null</c>: it was not paused. Before the drop: below 0.</summary>
    public static int? Run(SimulatedTraffic traffic, ulong seed)
    {
        var random = new SplitMix(seed);
        var state = DetectorState.New(Strength.Medium, Start);
        for (var n = 1; n <= traffic.Healthy + traffic.Horizon; n++)
        {
            var holdOut = traffic.Adaptive ? state.HoldOut : WatchdogLimits.HoldOut;
            var arm = random.Next() < holdOut ? Arm.Control : Arm.Treated;
            var mean = arm == Arm.Treated && n > traffic.Healthy ? Mean * (1 - traffic.Drop) : Mean;
            var at = Start.AddSeconds(n);
            state = state.Apply(new Score(ScoreSource.User, arm, Draw(ref random, traffic.Judge, mean), "", at), at).State;
            if (state.IsPaused)
                return n - traffic.Healthy;
        }

        return null;
    }

    /// <summary>Pairs until the pause; <c>null</c>: it was not paused.</summary>
    public static int? RunPairs(double drop, int horizon, ulong seed)
    {
        var random = new SplitMix(seed);
        var state = DetectorState.New(Strength.Medium, Start);
        for (var n = 1; n <= horizon; n++)
        {
            state = state.Apply(Pair(ref random, drop, n), Start.AddSeconds(n)).State;
            if (state.IsPaused)
                return n;
        }

        return null;
    }

    /// <summary>Pairs of a probe until the rule resumes; <c>null</c>: it rests again.</summary>
    public static int? RunProbe(double drop, ulong seed)
    {
        var random = new SplitMix(seed);
        var state = new DetectorState
        {
            Strength = Strength.Medium, Serves = Strength.Medium, Phase = DetectorPhase.Probe, Since = Start, CountsFrom = Start,
        };
        for (var n = 1; n <= WatchdogLimits.MostProbePairs; n++)
        {
            state = state.Apply(Pair(ref random, drop, n), Start.AddSeconds(n)).State;
            if (!state.IsPaused)
                return n;
        }

        return null;
    }

    // Both answers are to one question, so they share how hard it is: the second is right where the first is, but for the drop.
    private static ScorePair Pair(ref SplitMix random, double drop, int n)
    {
        var control = Draw(ref random, judge: false, Mean);
        var treated = random.Next() < 1 - drop ? control : 0;
        return new ScorePair(control, treated, Start.AddSeconds(n));
    }

    private static long Draw(ref SplitMix random, bool judge, double mean)
    {
        if (!judge)
            return random.Next() < mean ? ArmSums.One : 0;

        var quarters = 0;
        for (var i = 0; i < 4; i++)
            quarters += random.Next() < mean ? 1 : 0;
        return quarters * ArmSums.One / 4;
    }

    // SplitMix64 (Steele, Lea, Flood 2014): System.Random does not promise its sequence.
    private struct SplitMix(ulong seed)
    {
        private ulong state = seed;

        public double Next()
        {
            var z = state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
        }
    }
}
