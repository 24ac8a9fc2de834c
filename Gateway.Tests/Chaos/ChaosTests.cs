using System.Globalization;
using NUnit.Framework;

namespace Gateway.Tests.Chaos;

/// <summary>Real processes under load while they, their connections and their disks fail; afterwards three journals agree.</summary>
/// <remarks>Alone and for long: <c>GATEWAY_CHAOS_ROUNDS</c> (default 4, and a quarter as many on the embedded stores), <c>GATEWAY_CHAOS_SECONDS</c> of load in each (default 12), <c>GATEWAY_CHAOS_SEED</c>
/// (default: another one each time; each round's seed is one more than the last one's, so one round alone can be run again).
/// <c>GATEWAY_CHAOS_LOGS</c>: a folder that gets what the processes of each round wrote.</remarks>
[TestFixture]
[NonParallelizable]
internal sealed class ChaosTests
{
    private const int LeastCompletionsPerRound = 40;
    private const int LeastSamplesPerRound = 20;

    private DirectoryInfo tools = null!;

    [OneTimeSetUp]
    public void MakeFolder() => tools = Directory.CreateTempSubdirectory("gateway-chaos-tools-");

    [OneTimeTearDown]
    public void DeleteFolder() => tools.Delete(recursive: true);

    [Test]
    public async Task The_journals_agree_after_everything_has_failed_on_the_embedded_stores()
    {
        await using var stores = new ChaosStores(await SlowDisk.MakeAsync(tools.FullName));
        await RunAsync(stores, Math.Max(1, Rounds / 4));
    }

    [Test]
    public async Task The_journals_agree_after_everything_has_failed_with_two_gateways_on_PostgreSQL_and_Redis()
    {
        await using var stores = await SharedStores.StartAsync(await SlowDisk.MakeAsync(tools.FullName));
        await RunAsync(stores, Rounds);
    }

    private static int Rounds => Setting("GATEWAY_CHAOS_ROUNDS", 4);

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    private static async Task RunAsync(ChaosStores stores, int rounds)
    {
        var length = TimeSpan.FromSeconds(Setting("GATEWAY_CHAOS_SECONDS", 12));
        var seed = Setting("GATEWAY_CHAOS_SEED", Random.Shared.Next(1, 1_000_000));
        await Summary.WriteAsync($"Chaos: {rounds} rounds of {length.TotalSeconds} s, GATEWAY_CHAOS_SEED={seed}");
        var results = new List<RoundResult>();
        for (var round = 0; round < rounds; round++)
        {
            var result = await ChaosRound.RunAsync(stores, seed + round, length);
            await Summary.WriteAsync($"{round + 1}/{rounds}, {result}");
            if (result.Wrong.Count > 0)
                await TestContext.Out.WriteLineAsync(result.Output);
            if (Environment.GetEnvironmentVariable("GATEWAY_CHAOS_LOGS") is { Length: > 0 } logs)
                await File.WriteAllTextAsync(Path.Combine(logs, $"round-{result.Seed}.log"), $"{result}\n{string.Join('\n', result.Calls)}\n{result.Output}");
            Assert.That(result.Wrong, Is.Empty, $"round {round + 1}, GATEWAY_CHAOS_SEED={result.Seed}");
            results.Add(result);
        }

        await ReportAsync(results);
    }

    // A run that proves nothing fails.
    private static async Task ReportAsync(List<RoundResult> results)
    {
        var counts = results.SelectMany(static result => result.Faults).GroupBy(static kind => kind).ToDictionary(static kind => kind.Key, static kind => kind.Count());
        await Summary.WriteAsync(
            $"Chaos: {results.Count} rounds, {results.Sum(static r => r.Calls.Count)} calls, {results.Sum(static r => r.Complete)} complete, {results.Sum(static r => r.Replays)} replays, " +
            $"{results.Sum(static r => r.AtTheHouse)} at the house; {string.Join(", ", counts.OrderBy(static kind => kind.Key).Select(static kind => $"{kind.Value} {kind.Key}"))}");
        foreach (var missing in results[0].Missing)
            await Summary.WriteAsync($"Chaos: not available here: {missing}");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(results.Sum(static r => r.Complete), Is.AtLeast(LeastCompletionsPerRound * results.Count), "completions");
            Assert.That(results.Sum(static r => r.Samples), Is.AtLeast(LeastSamplesPerRound * results.Count), "samples");
            if (results.Count >= results[0].RoundsForEveryKind)
            {
                Assert.That(results[0].Kinds.Except(counts.Keys), Is.Empty, "kinds of faults that did not happen");
                Assert.That(results.Sum(static r => r.Replays), Is.Positive, "replays");
                Assert.That(results.Sum(static r => r.Calls.Count(static call => call.End == SeenEnd.HungUp)), Is.Positive, "hang-ups");
            }
        }
    }
}
