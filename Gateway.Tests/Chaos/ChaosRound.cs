using System.Diagnostics;
using System.Text.Json.Nodes;
using Gateway.Tests.EndToEnd;
using Gateway.Tests.Proof;

namespace Gateway.Tests.Chaos;

/// <summary>What a round saw.</summary>
internal sealed record RoundResult
{
    public required int Seed { get; init; }

    public required IReadOnlyCollection<CallSeen> Calls { get; init; }

    /// <summary>Kinds of the faults that were made, one entry each.</summary>
    public required IReadOnlyList<string> Faults { get; init; }

    /// <summary>Every kind that there can be here.</summary>
    public required IReadOnlyList<string> Kinds { get; init; }

    /// <summary>Why other kinds cannot happen here.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>From so many rounds in a row on, every kind has happened.</summary>
    public required int RoundsForEveryKind { get; init; }

    public required int Replays { get; init; }

    public required int Samples { get; init; }

    public required int AtTheHouse { get; init; }

    public required IReadOnlyList<string> Wrong { get; init; }

    /// <summary>What the processes wrote.</summary>
    public required string Output { get; init; }

    public int Complete => Calls.Count(static call => call.End == SeenEnd.Complete);

    public override string ToString() =>
        $"seed {Seed}: {Calls.Count} calls, {Complete} complete, {Count(SeenEnd.Error)} errors, {Count(SeenEnd.Broken)} broken, {Count(SeenEnd.HungUp)} hung up; " +
        $"{Samples} samples, {Replays} replays, {AtTheHouse} at the house; {string.Join(", ", Faults)}";

    private int Count(SeenEnd end) => Calls.Count(call => call.End == end);
}

/// <summary>Load, faults and the judgement, all from one seed.</summary>
internal static class ChaosRound
{
    // Consecutive seeds go on in the list of kinds where the last one stopped, so that a few rounds have all of them.
    private const int ProcessFaultsPerRound = 3;
    private const int LinkFaultsPerRound = 5;
    private const int MostWrongShown = 20;

    private static readonly TimeSpan QuietPatience = TimeSpan.FromSeconds(30);

    public static async Task<RoundResult> RunAsync(ChaosStores stores, int seed, TimeSpan length)
    {
        await using var cluster = await ChaosCluster.StartAsync(stores);
        var (processFaults, missing) = ProcessFaults.Of(cluster);
        var linkFaults = LinkFaults.Of(cluster);
        var journal = new ClientJournal();
        using var sampler = new BalanceSampler(cluster);
        using var load = new ChaosLoad(cluster, journal, seed);
        sampler.Start();
        load.Start();

        var loaded = Stopwatch.GetTimestamp();
        var made = await Task.WhenAll(
            BreakAsync(cluster, Dealt(processFaults, ProcessFaultsPerRound, seed), new Random(HashCode.Combine(seed, 1)), length),
            BreakAsync(cluster, Dealt(linkFaults, LinkFaultsPerRound, seed), new Random(HashCode.Combine(seed, 2)), length));
        var rest = length - Stopwatch.GetElapsedTime(loaded);
        if (rest > TimeSpan.Zero)
            await Task.Delay(rest);

        await cluster.HealAsync();
        await load.StopAsync();
        await sampler.StopAsync();
        var wrong = new List<string>(sampler.Wrong.Take(MostWrongShown));
        wrong.AddRange(await QuietAsync(cluster));
        wrong.AddRange(await EndAsync(cluster));
        wrong.AddRange(await VerifyAsync(cluster));
        var oracle = Oracle.Judge(journal, cluster.UpstreamJournal, await stores.ReadBookAsync());
        wrong.AddRange(oracle.Wrong.Take(MostWrongShown));
        return new RoundResult
        {
            Seed = seed,
            Calls = journal.Calls,
            Faults = [.. made.SelectMany(static kinds => kinds)],
            Kinds = [.. processFaults.Concat(linkFaults).Select(static fault => fault.Kind)],
            Missing = missing,
            RoundsForEveryKind = Math.Max(
                (processFaults.Count + ProcessFaultsPerRound - 1) / ProcessFaultsPerRound, (linkFaults.Count + LinkFaultsPerRound - 1) / LinkFaultsPerRound),
            Replays = cluster.Gateways.Sum(static gateway => gateway.Replays),
            Samples = sampler.Samples,
            AtTheHouse = oracle.AtTheHouse,
            Wrong = wrong,
            Output = string.Join('\n', cluster.Gateways.Select(static gateway => gateway.Text())),
        };
    }

    // E7: the chain, every signature and every cost, by the command that auditors use.
    private static async Task<IReadOnlyList<string>> VerifyAsync(ChaosCluster cluster)
    {
        var verified = await GatewayCommand.RunAsync(cluster.Gateways[0].Folder, ["verify-ledger"], input: null, [.. cluster.Stores.Settings]);
        return verified.ExitCode == 0 ? [] : [$"E7 verify-ledger ended with {verified.ExitCode}: {verified.Output} {verified.Errors}"];
    }

    private static List<Fault> Dealt(IReadOnlyList<Fault> faults, int count, int seed)
    {
        var first = (int)((long)seed * count % faults.Count);
        return [.. Enumerable.Range(first, count).Select(n => faults[n % faults.Count])];
    }

    private static async Task<List<string>> BreakAsync(ChaosCluster cluster, List<Fault> faults, Random random, TimeSpan length)
    {
        var made = new List<string>();
        var longestPause = (int)(length / (faults.Count + 1)).TotalMilliseconds;
        foreach (var fault in faults.OrderBy(_ => random.Next()).ToList())
        {
            await Task.Delay(Fault.Between(random, 0, longestPause));
            await fault.RunAsync(cluster, random);
            made.Add(fault.Kind);
        }

        return made;
    }

    // Holds of calls that died are reaped within their lease; then nothing is held, and everything is recorded.
    private static async Task<IReadOnlyList<string>> QuietAsync(ChaosCluster cluster)
    {
        var started = Stopwatch.GetTimestamp();
        var open = new List<string>();
        do
        {
            open.Clear();
            foreach (var gateway in cluster.Gateways)
            {
                if (await OpenAsync(gateway) is { } something)
                    open.Add($"E4 {gateway.Name} has not come to rest: {something}");
            }

            if (open.Count == 0)
                return open;
            await Task.Delay(100);
        }
        while (Stopwatch.GetElapsedTime(started) < QuietPatience);
        return open;
    }

    private static async Task<string?> OpenAsync(GatewayNode gateway)
    {
        try
        {
            using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
            using var health = await http.GetAsync(new Uri(gateway.Process.Address, "/health/ready"));
            var ready = JsonNode.Parse(await health.Content.ReadAsStringAsync())!;
            var account = await gateway.Process.GetAsync($"/api/accounts/{ChaosCluster.Account}");
            var held = account["buckets"]!.AsArray().Sum(static bucket => bucket!["held"]!.GetValue<decimal>());
            return health.IsSuccessStatusCode && ready["unrecorded"]!.GetValue<long>() == 0 && held == 0 ? null : $"held {held}, {ready.ToJsonString()}";
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            return exception.Message;
        }
    }

    private static async Task<IReadOnlyList<string>> EndAsync(ChaosCluster cluster)
    {
        var wrong = new List<string>();
        foreach (var gateway in cluster.Gateways)
        {
            await gateway.Process.TerminateAsync();
            if (await gateway.Process.EndAsync() is not 0 and var code)
                wrong.Add($"{gateway.Name} ended with {code}");
        }

        return wrong;
    }
}
