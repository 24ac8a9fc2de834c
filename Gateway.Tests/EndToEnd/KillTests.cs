using System.Text.Json.Nodes;
using Gateway.Tests.Chaos;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>Promise 6 of the ledger, with real processes and three journals: the upstream's, the clients', the book's.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class KillTests
{
    private const int Clients = 16;
    private const long WalletNano = 1_000_000_000_000;
    private const long InputNano = 1_400;
    private const long OutputNano = 2_800;
    private const int LeastCompletionsPerRound = 15;
    private const int RoundsPerCut = 4;
    private const int MostUnconfirmedPercent = 10;

    // bench/nightly asks for 20.
    private static int Rounds => int.TryParse(Environment.GetEnvironmentVariable("GATEWAY_KILL_ROUNDS"), out var asked) ? asked : 4;

    [TestCase("process", 1)]
    [TestCase("power", 5)]
    public async Task Kill_and_restart_under_load_loses_nothing_and_charges_nothing_twice(string durability, int fractionOfRounds)
    {
        var rounds = Math.Max(1, Rounds / fractionOfRounds);
        var seed = Environment.TickCount;
        var random = new Random(seed);
        await Summary.WriteAsync($"Kill loop, {durability}: {rounds} kills, seed {seed}");
        var folder = Directory.CreateTempSubdirectory("gateway-crash-");
        await using var upstream = await JournalingUpstream.StartAsync();
        var settings = upstream.Settings();
        settings["Gateway__Durability"] = durability;
        settings["Gateway__HoldLease"] = "3s";
        var port = GatewayProcess.FreePort();
        var gateway = GatewayProcess.Start(folder.FullName, port, settings);
        try
        {
            await gateway.AnswersAsync();
            var key = await gateway.KeyWithCreditAsync();
            using var load = new LoadClients(gateway.Address, key, seed);
            load.Start(Clients);

            for (var round = 0; round < rounds; round++)
            {
                load.Open();
                await Task.Delay(random.Next(300, 1_500));
                load.Close();
                await gateway.KillAsync();
                gateway.Dispose();
                gateway = GatewayProcess.Start(folder.FullName, port, settings);
                await gateway.AnswersAsync();
            }

            load.Open();
            await Task.Delay(300);
            await load.StopAsync();
            var balance = await QuiescentBalanceAsync(gateway.Address, key);
            await gateway.TerminateAsync();
            var exitCode = await gateway.EndAsync();
            var (receipts, broken, _) = await StoredBook.ReadAsync(Path.Combine(folder.FullName, "data", "gateway.db"));

            using (Assert.EnterMultipleScope())
            {
                Assert.That(exitCode, Is.Zero, gateway.Text());
                Assert.That(broken, Is.Empty, "invariants");
                Assert.That(balance["held"]!.GetValue<decimal>(), Is.Zero, "held at rest");
                Assert.That(WalletNano - Nano(balance["posted"]!), Is.EqualTo(receipts.Sum(static receipt => receipt.Net)), "what is gone = the receipts' net charges");
                Compare(load.Journal, upstream.Journal, receipts, rounds);
            }
        }
        finally
        {
            gateway.Dispose();
            folder.Delete(recursive: true);
        }
    }

    private static void Compare(IReadOnlyCollection<ClientCall> calls, IReadOnlyDictionary<string, Emission> emitted, List<StoredReceipt> receipts, int rounds)
    {
        var byId = receipts.ToDictionary(static receipt => receipt.Id);
        var byCall = receipts.ToLookup(static receipt => receipt.RunId);
        var wrong = new List<string>();
        var complete = calls.Where(static call => call.IsComplete).ToList();
        foreach (var call in complete)
        {
            var price = Price(emitted[call.Id]);
            if (call.Receipt is null || !byId.TryGetValue(call.Receipt, out var receipt))
                wrong.Add($"{call}: no receipt");
            else if (receipt is not { Outcome: "complete", Shortfall: 0 } || receipt.Delivery == "refunded" || receipt.Cost != price || (call.Cost is { } told && told != price))
                wrong.Add($"{call}: expected {price}, {receipt}");
            if (byCall[call.Id].Sum(static receipt => receipt.Net) != price)
                wrong.Add($"{call}: charged other than once");
        }

        // Cut: the upstream was at work on it when the gateway died. What never reached it has no charge either, which the same rules check.
        var cut = calls.Where(call => !call.IsComplete && emitted.ContainsKey(call.Id)).ToList();
        var unconfirmed = 0;
        foreach (var call in calls.Where(static call => !call.IsComplete))
        {
            var most = emitted.TryGetValue(call.Id, out var emission) ? Price(emission) : 0;
            foreach (var receipt in byCall[call.Id])
            {
                if (receipt.Net > most)
                    wrong.Add($"{call}: charged more than {most} that was emitted, {receipt}");
                if (call.Streamed || receipt.Net == 0)
                    continue;
                if (receipt.Delivery == "unconfirmed")
                    unconfirmed++;
                else
                    wrong.Add($"{call}: cut off, but {receipt}");
            }
        }

        var known = calls.Select(static call => call.Id).ToHashSet(StringComparer.Ordinal);
        wrong.AddRange(receipts.Where(receipt => receipt.RunId is null || !known.Contains(receipt.RunId)).Select(static receipt => $"nobody's receipt: {receipt}"));
        var cutPlain = cut.Count(static call => !call.Streamed);
        var refused = calls.Count(static call => call.Status is not (null or 200));
        var atTheHouse = emitted.Count(pair => pair.Value.IsComplete && byCall[pair.Key].Sum(static receipt => receipt.Net) == 0);
        var replayed = complete.Count(call => call.Receipt is not null && byId.TryGetValue(call.Receipt, out var receipt) && receipt.Delivery == "unconfirmed");
        TestContext.Out.WriteLine(
            $"{calls.Count} calls: {complete.Count} complete ({replayed} of them recorded by a replay), {cut.Count} cut ({cutPlain} plain, {cut.Count - cutPlain} streams), {refused} refused; {receipts.Count} receipts: " +
            $"{receipts.Count(static r => r.Delivery == "refunded")} refunded, {receipts.Count(static r => r.Outcome == "recovered")} recovered " +
            $"({receipts.Count(static r => r.Outcome == "recovered" && r.Net > 0)} charged); {unconfirmed} plain calls cut off and charged as unconfirmed; " +
            $"{atTheHouse} complete at the upstream and charged to nobody");
        Assert.That(wrong, Is.Empty, "journals differ");
        Assert.That(unconfirmed * 100, Is.LessThanOrEqualTo(cut.Count * MostUnconfirmedPercent), "charged, but not seen by their client");
        Assert.That(refused, Is.Zero, "answers other than 200");
        Assert.That(complete, Has.Count.AtLeast(LeastCompletionsPerRound * rounds), "a run that proves nothing fails");
        Assert.That(cut, Has.Count.AtLeast(rounds / RoundsPerCut), "a run that proves nothing fails");
    }

    private static long Price(Emission emission) => emission.PromptTokens * InputNano + emission.OutputTokens * OutputNano;

    private static long Nano(JsonNode credits) => (long)(credits.GetValue<decimal>() * 1_000_000_000m);

    // The wallet, once everything is recorded and nothing is held any more.
    private static async Task<JsonNode> QuiescentBalanceAsync(Uri address, string key)
    {
        using var client = new HttpClient { BaseAddress = address };
        client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        for (var tries = 0; ; tries++)
        {
            var ready = JsonNode.Parse(await client.GetStringAsync("/health/ready"))!;
            var wallet = JsonNode.Parse(await client.GetStringAsync("/v1/balance"))!["buckets"]![0]!;
            if (tries == 100 || (ready["unrecorded"]!.GetValue<int>() == 0 && wallet["held"]!.GetValue<decimal>() == 0))
                return wallet;
            await Task.Delay(50);
        }
    }
}
