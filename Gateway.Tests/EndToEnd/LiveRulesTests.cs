using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>Two gateways on one PostgreSQL and one Redis: a rule that one of them was given is obeyed by the other within a second, whole.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class LiveRulesTests
{
    private const int Clients = 4;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);
    private static readonly int Rounds = int.TryParse(Environment.GetEnvironmentVariable("GATEWAY_LIVE_ROUNDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var rounds) ? rounds : 100;

    private SeveralGateways several = null!; // Set once before the tests, as the key.
    private string key = "";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        several = await SeveralGateways.StartAsync(2);
        await several.Gateways[0].TopUpAsync("wallet", 1000);
        key = await several.Gateways[0].CreateKeyAsync(""","tags":["live"]""");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (several is not null)
            await several.DisposeAsync();
    }

    [Test]
    public async Task Each_change_of_a_row_is_obeyed_by_the_other_gateway_within_a_second_under_load()
    {
        var id = await CreateAsync("max_tokens_cap", CapOf(0));
        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, Clients).Select(client => LoadAsync(client % 2, stop.Token)));
        var waits = new List<TimeSpan>();
        for (var round = 1; round <= Rounds; round++)
        {
            await several.Gateways[0].PatchAsync($"/api/proxy-rules/{id}", $$"""{"config":{{CapOf(round)}}}""");
            var answered = Stopwatch.GetTimestamp();
            var own = CapSeenAsync(0);

            // What counts is when the last call began that did not obey: how long a call takes is not the rule's doing.
            var (began, disobeyed) = (TimeSpan.Zero, TimeSpan.Zero);
            while (await CapSeenAsync(1) != 1_000 + round && began < TimeSpan.FromSeconds(10))
            {
                disobeyed = began;
                began = Stopwatch.GetElapsedTime(answered);
            }

            waits.Add(disobeyed);
            Assert.That(await own, Is.EqualTo(1_000 + round), "the gateway that wrote obeys before it answers");
        }

        await stop.CancelAsync();
        var calls = (await load).Sum();
        waits.Sort();
        Note($"live rules: {Rounds} changes beside {calls} calls, the last call that the other gateway let past the old rule began {waits[Rounds / 2].TotalMilliseconds:0} ms after the answer (median), {waits[Rounds * 99 / 100].TotalMilliseconds:0} ms (99 %), {waits[^1].TotalMilliseconds:0} ms (most)");
        Assert.That(waits[^1], Is.LessThan(Limit));
        Assert.That(calls, Is.GreaterThan(Rounds / 10));
        await several.Gateways[0].PatchAsync($"/api/proxy-rules/{id}", """{"enabled":false}""");
    }

    [Test]
    public async Task No_request_sees_half_a_rule()
    {
        var id = await CreateAsync("fallback_chain", ChainOf(1));
        var receipts = new ConcurrentQueue<string>();
        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, Clients).Select(client => LoadAsync(client % 2, stop.Token, receipts)));
        for (var round = 1; round <= Rounds; round++)
            await several.Gateways[round % 2].PatchAsync($"/api/proxy-rules/{id}", $$"""{"config":{{ChainOf((round % 8) + 1)}}}""");
        await stop.CancelAsync();
        await load;

        var seen = new List<int>();
        foreach (var receipt in receipts.TakeLast(200))
        {
            var effect = (await several.Gateways[0].GetAsync($"/api/receipts/{receipt}"))["rules"]!.AsArray().Single(static rule => rule!["type"]!.GetValue<string>() == "fallback_chain")!["effect"]!;
            Assert.That(effect["candidates"]!.AsArray(), Has.Count.EqualTo(effect["maxAttempts"]!.GetValue<int>()), effect.ToJsonString());
            seen.Add(effect["maxAttempts"]!.GetValue<int>());
        }

        Assert.That(seen.Distinct().Count(), Is.GreaterThan(1), "some calls came before a change and some after it");
        await several.Gateways[0].PatchAsync($"/api/proxy-rules/{id}", """{"enabled":false}""");
    }

    [Test]
    public async Task Without_Redis_a_change_is_obeyed_within_a_second_too()
    {
        var id = await CreateAsync("max_tokens_cap", CapOf(0));
        await several.Redis.StopAsync();
        try
        {
            for (var round = 1; round <= 10; round++)
            {
                await several.Gateways[0].PatchAsync($"/api/proxy-rules/{id}", $$"""{"config":{{CapOf(round)}}}""");
                var answered = Stopwatch.GetTimestamp();
                while (await CapOfDryRunAsync(1) != 1_000 + round && Stopwatch.GetElapsedTime(answered) < TimeSpan.FromSeconds(10))
                    await Task.Delay(10);

                Assert.That(Stopwatch.GetElapsedTime(answered), Is.LessThan(Limit));
            }
        }
        finally
        {
            await several.Redis.RestartAsync();
        }
    }

    private static string CapOf(int round) => $$"""{"maxTokens":{{1_000 + round}}}""";

    // Two values that agree in every version of the rule: so many candidates, so many attempts.
    private static string ChainOf(int count) =>
        $$"""{"candidates":[{{string.Join(',', Enumerable.Repeat("""{"provider":"fake","model":"words"}""", count))}}],"maxAttempts":{{count}}}""";

    private async Task<string> CreateAsync(string type, string config) => (await several.Gateways[0].PostAsync(
        "/api/proxy-rules", $$"""{"type":"{{type}}","name":"live","tag":"live","config":{{config}}}"""))["id"]!.GetValue<string>();

    private async Task<int> CapSeenAsync(int gateway)
    {
        var (status, body, answer) = await several.CallAsync(gateway, key, words: 4_000);
        Assert.That(status, Is.EqualTo(200), body.ToJsonString());
        return int.Parse(answer.Headers.GetValues("x-gateway-max-tokens-capped").Single(), CultureInfo.InvariantCulture);
    }

    private async Task<int> CapOfDryRunAsync(int gateway) => (await several.Gateways[gateway].PostAsync(
        "/api/proxy-rules/dry-run", """{"body":{"model":"fake/words","messages":[{"role":"user","content":"a"}]},"tags":["live"]}"""))["outputCap"]!.GetValue<int>();

    private async Task<int> LoadAsync(int gateway, CancellationToken stop, ConcurrentQueue<string>? receipts = null)
    {
        var calls = 0;
        while (!stop.IsCancellationRequested)
        {
            var (status, body, answer) = await several.CallAsync(gateway, key, words: 5);
            Assert.That(status, Is.EqualTo(200), body.ToJsonString());
            receipts?.Enqueue(answer.Headers.GetValues("x-gateway-receipt").Single());
            calls++;
        }

        return calls;
    }

    private static void Note(string line)
    {
        TestContext.Out.WriteLine(line);
        if (Environment.GetEnvironmentVariable("GATEWAY_TEST_SUMMARY") is { Length: > 0 } file)
            File.AppendAllText(file, line + "\n");
    }
}
