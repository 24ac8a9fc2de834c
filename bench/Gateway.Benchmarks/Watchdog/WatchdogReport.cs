using System.Globalization;
using Gateway.Transforms.Watchdog;

namespace Gateway.Benchmarks.Watchdog;

/// <summary><c>watchdog-simulation [RUNS] [SEED] [FILE]</c>: how often the detector pauses what is healthy, and how soon what is not. Writes a Markdown page.</summary>
internal static class WatchdogReport
{
    private const int DefaultRuns = 100;
    private const ulong DefaultSeed = 1;
    private const int LongHorizon = 50_000;
    private const int ShortHorizon = 20_000;
    private const int PairHorizon = 5_000;

    private static readonly double[] Healthy = [0, 0.05, 0.10];
    private static readonly double[] Harmful = [0.15, 0.20, 0.30, 0.50];

    // What the detector as it is used (the hold-out widens) must keep to, of the runs of a cell.
    private static readonly Dictionary<double, double> MostFalsePauses = new() { [0] = 0.01, [0.05] = 0.10 };

    /// <summary>Writes the page to standard output, or to the file.</summary>
    /// <returns>Whether the detector kept to what it must; else standard error says what it missed.</returns>
    public static bool Write(string[] args)
    {
        var runs = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : DefaultRuns;
        var seed = args.Length > 1 ? ulong.Parse(args[1], CultureInfo.InvariantCulture) : DefaultSeed;
        using var file = args.Length > 2 ? new StreamWriter(args[2]) : null;
        var output = file ?? Console.Out;
        output.WriteLine($"""
            # The watchdog, simulated

            `dotnet run -c Release --project bench/Gateway.Benchmarks -- watchdog-simulation {runs} {seed}` wrote this page: {runs} runs a cell, seed {seed}; `bench/nightly` repeats it.
            Scores have a mean of 0.8 without compression; *binary* ones are 0 or 1, a *judge's* are quarters (four tosses). Delays are scored requests from
            the beginning of the drop to the pause: median (90th percentile), over the runs that paused; where some did not, their share is named.
            In brackets: the figures of the prototype that the numbers of the test were chosen by (100 runs a cell).

            """);
        var kept = FalsePauses(output, runs, seed) & Delays(output, runs, seed);
        Pairs(output, runs, seed);
        Probes(output, runs, seed);
        return kept;
    }

    private static bool FalsePauses(TextWriter output, int runs, ulong seed)
    {
        var kept = true;
        output.WriteLine("""
            ## Pauses of a rule that does no more harm than a tenth

            | hold-out | scores | within | drop 0 | drop 5 % | drop 10 % |
            | --- | --- | --- | --- | --- | --- |
            """);
        Row(adaptive: false, judge: false, LongHorizon, ["0 %", "5 %", "63 %"]);
        Row(adaptive: false, judge: true, LongHorizon, ["0 %", "0 %", "5 %"]);
        Row(adaptive: true, judge: false, ShortHorizon, ["0 %", "8 %", "-"]);
        Row(adaptive: true, judge: true, ShortHorizon, ["0 %", "0 %", "-"]);
        output.WriteLine("""

            A drop of exactly 10 % is the point of indifference: either answer is right there. Where a drop of 5 % was paused more often than the prototype paused
            it (10 %, binary), nearly all of those pauses came from the smallest window: thirty control scores, whose variance is estimated from themselves.

            """);
        return kept;

        void Row(bool adaptive, bool judge, int horizon, string[] prototype)
        {
            var cells = Healthy.Select((drop, i) =>
            {
                var paused = Delays(new SimulatedTraffic(judge, drop, horizon, adaptive), runs, seed).Length;
                if (adaptive && paused > runs * MostFalsePauses.GetValueOrDefault(drop, 1))
                    kept = Missed($"{paused} of {runs} runs with a drop of {drop:P0} were paused ({Scores(judge)} scores)");
                return $"{100.0 * paused / runs:0.#} % [{prototype[i]}]";
            });
            output.WriteLine($"| {Name(adaptive)} | {Scores(judge)} | {horizon:N0} | {string.Join(" | ", cells)} |");
        }
    }

    private static bool Delays(TextWriter output, int runs, ulong seed)
    {
        var kept = true;
        output.WriteLine("""
            ## Delay until a harmful rule is paused

            | hold-out | scores | healthy before | drop 15 % | drop 20 % | drop 30 % | drop 50 % |
            | --- | --- | --- | --- | --- | --- | --- |
            """);
        Row(adaptive: false, judge: false, 0, LongHorizon, ["-", "2,728", "817", "335"]);
        Row(adaptive: false, judge: true, 0, LongHorizon, ["-", "1,029", "410", "287"]);
        Row(adaptive: false, judge: false, 10_000, LongHorizon, ["-", "2,420", "888", "379"]);
        Row(adaptive: false, judge: true, 10_000, LongHorizon, ["-", "1,184", "440", "244"]);
        Row(adaptive: true, judge: false, 0, ShortHorizon, ["5,128", "1,413 (3,019)", "471 (768)", "307 (388)"]);
        Row(adaptive: true, judge: true, 0, ShortHorizon, ["1,864", "574", "324", "287"]);
        output.WriteLine();
        return kept;

        void Row(bool adaptive, bool judge, int healthy, int horizon, string[] prototype)
        {
            var cells = Harmful.Select((drop, i) =>
            {
                var delays = Delays(new SimulatedTraffic(judge, drop, horizon, adaptive) { Healthy = healthy }, runs, seed);
                if (adaptive && drop >= 0.20 && delays.Length < runs)
                    kept = Missed($"{runs - delays.Length} of {runs} runs with a drop of {drop:P0} were not paused ({Scores(judge)} scores)");
                return $"{Summary([.. delays.Where(static delay => delay > 0)], runs)} [{prototype[i]}]";
            });
            output.WriteLine($"| {Name(adaptive)} | {Scores(judge)} | {healthy:N0} | {string.Join(" | ", cells)} |");
        }
    }

    private static void Pairs(TextWriter output, int runs, ulong seed)
    {
        output.WriteLine($"""
            ## Shadow pairs until the pause, at most {PairHorizon:N0}

            The treated answer is right where the other one is, but for the drop; how alike the prototype's pairs were is not known.

            | drop 0 | drop 5 % | drop 20 % | drop 30 % | drop 50 % |
            | --- | --- | --- | --- | --- |
            """);
        (double Drop, string Prototype)[] cells = [(0, "none"), (0.05, "none"), (0.20, "160"), (0.30, "50"), (0.50, "30")];
        output.WriteLine($"| {string.Join(" | ", cells.Select(cell => $"{Summary(Collect(runs, seed, s => WatchdogSimulation.RunPairs(cell.Drop, PairHorizon, s)), runs)} [{cell.Prototype}]"))} |");
        output.WriteLine();
    }

    private static void Probes(TextWriter output, int runs, ulong seed)
    {
        output.WriteLine($"""
            ## Pairs of a probe until the rule resumes, at most {WatchdogLimits.MostProbePairs:N0}

            | drop 0 | drop 3 % | drop 5 % | drop 10 % | drop 15 % | drop 20 % | drop 30 % |
            | --- | --- | --- | --- | --- | --- | --- |
            """);
        (double Drop, string Prototype)[] cells = [(0, "70 (150)"), (0.03, "110"), (0.05, "230"), (0.10, "67 % of runs"), (0.15, "4 % of runs"), (0.20, "none"), (0.30, "none")];
        output.WriteLine($"| {string.Join(" | ", cells.Select(cell => $"{Summary(Collect(runs, seed, s => WatchdogSimulation.RunProbe(cell.Drop, s)), runs)} [{cell.Prototype}]"))} |");
    }

    private static int[] Delays(SimulatedTraffic traffic, int runs, ulong seed) => Collect(runs, seed, s => WatchdogSimulation.Run(traffic, s));

    // Each run has a seed of its own, far from its neighbours': what runs at the same time changes nothing.
    private static int[] Collect(int runs, ulong seed, Func<ulong, int?> run) =>
        [.. Enumerable.Range(0, runs).AsParallel().Select(i => run(seed * 1_000_003 + (ulong)i * 0x2545F4914F6CDD1D)).OfType<int>().Order()];

    private static string Summary(int[] delays, int runs)
    {
        if (delays.Length == 0)
            return "none";
        var text = $"{delays[(delays.Length - 1) / 2]:N0} ({delays[(delays.Length - 1) * 9 / 10]:N0})";
        return delays.Length == runs ? text : $"{text}, {100.0 * delays.Length / runs:0.#} % of runs";
    }

    private static bool Missed(string what)
    {
        Console.Error.WriteLine(what);
        return false;
    }

    private static string Name(bool adaptive) => adaptive ? "10 %, 50 % on suspicion" : "10 %";

    private static string Scores(bool judge) => judge ? "judge" : "binary";
}
