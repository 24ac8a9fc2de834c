using Gateway.Benchmarks.Watchdog;
using NUnit.Framework;

namespace Gateway.Tests.Watchdog;

/// <summary>Two cells of the nightly simulation, twenty runs each, always the same scores.</summary>
internal sealed class SimulationTests
{
    private const int Runs = 20;

    [TestCase(false)]
    [TestCase(true)]
    public void A_healthy_rule_is_not_paused_in_20_000_scores(bool judge)
    {
        var traffic = new SimulatedTraffic(judge, Drop: 0, Horizon: 20_000, Adaptive: true);

        Assert.That(Collect(traffic), Is.Empty);
    }

    // The page in bench/results has 580 (binary) and 340 (judge) as medians of more runs.
    [TestCase(false, 350, 900)]
    [TestCase(true, 280, 450)]
    public void A_drop_of_thirty_percent_is_paused_within_hundreds_of_scores(bool judge, int least, int most)
    {
        var delays = Collect(new SimulatedTraffic(judge, Drop: 0.30, Horizon: 20_000, Adaptive: true));

        Assert.That(delays, Has.Length.EqualTo(Runs));
        Assert.That(delays[Runs / 2], Is.InRange(least, most));
    }

    [Test]
    public void A_long_healthy_time_does_not_make_it_deaf()
    {
        var delays = Collect(new SimulatedTraffic(Judge: true, Drop: 0.30, Horizon: 5_000, Adaptive: false) { Healthy = 10_000 });

        Assert.That(delays, Has.Length.EqualTo(Runs));
        Assert.That(delays[Runs / 2], Is.InRange(200, 700));
    }

    private static int[] Collect(SimulatedTraffic traffic) =>
        [.. Enumerable.Range(1, Runs).Select(seed => WatchdogSimulation.Run(traffic, (ulong)seed)).OfType<int>().Order()];
}
