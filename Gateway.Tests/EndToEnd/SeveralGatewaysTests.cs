using System.Diagnostics;
using System.Globalization;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>Three gateways that race for the same credits and limits, and go on while one of their stores is away.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class SeveralGatewaysTests
{
    private const int Gateways = 3;
    private const int Parallel = 50;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private SeveralGateways several = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        several = await SeveralGateways.StartAsync(Gateways);
        await several.Gateways[0].TopUpAsync("wallet", 1000);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (several is not null)
            await several.DisposeAsync();
    }

    [Test]
    public async Task Fifty_calls_on_a_balance_for_one_settle_one()
    {
        // Only packs pay for this key, and there is one. A call of 100 words costs about 0.0003: a second one never fits.
        var key = await several.Gateways[0].CreateKeyAsync(""","routes":[]""");
        var pack = await several.Gateways[0].CreatePackAsync("words", 0.0005m);

        var answers = await RaceAsync(key);

        Assert.That(answers.Count(static answer => answer == 200), Is.EqualTo(1), string.Join(' ', answers));
        Assert.That(answers.Where(static answer => answer != 200), Has.All.AnyOf(402, 429));
        await AssertAgreeAsync(static _ => true);
        var buckets = (await several.Gateways[1].GetAsync("/api/accounts/acc_default"))["buckets"]!.AsArray();
        var left = buckets.Single(bucket => bucket!["id"]!.GetValue<string>() == pack["id"]!.GetValue<string>())!;
        Assert.That(left["posted"]!.GetValue<decimal>(), Is.InRange(0.0001m, 0.0003m));
    }

    [Test]
    public async Task A_top_up_is_there_on_every_gateway_at_once()
    {
        var before = await several.WalletAsync(2);

        await several.Gateways[0].TopUpAsync("wallet", 1000);

        for (var n = 0; n < Gateways; n++)
            Assert.That((await several.WalletAsync(n)).Posted, Is.EqualTo(before.Posted + 1000));
    }

    [Test]
    public async Task Fifty_calls_on_a_key_budget_for_one_settle_one([Values("day", "week", "month", "total")] string period)
    {
        var key = await several.Gateways[1].CreateKeyAsync($$""","budget":{"amount":0.0005,"period":"{{period}}"}""");

        var answers = await RaceAsync(key);

        Assert.That(answers.Count(static answer => answer == 200), Is.EqualTo(1), string.Join(' ', answers));
        Assert.That(answers.Where(static answer => answer != 200), Has.All.EqualTo(402));
    }

    [Test]
    public async Task Fifty_calls_on_a_members_allowance_for_one_settle_one()
    {
        await several.Gateways[0].PatchAsync("/api/members/mem_racer", """{"role":"member","allowance":{"amount":0.0005}}""");
        var keys = await Task.WhenAll(Enumerable.Range(0, Gateways).Select(n => several.Gateways[n].CreateKeyAsync(",\"memberId\":\"mem_racer\"")));
        await Task.Delay(TimeSpan.FromSeconds(1));

        var answers = await Task.WhenAll(Enumerable.Range(0, Parallel).Select(n => several.CallAsync(n % Gateways, keys[n / Gateways % Gateways], delayMs: 20)));

        Assert.That(answers.Count(static answer => answer.Status == 200), Is.EqualTo(1));
        Assert.That(answers.Where(static answer => answer.Status != 200).Select(static answer => answer.Body["error"]!["code"]!.GetValue<string>()), Has.All.EqualTo("allowance_exceeded"));
    }

    [Test]
    public async Task Fifty_calls_under_one_idempotency_key_are_one_call()
    {
        var key = await several.Gateways[0].CreateKeyAsync();
        var before = several.Upstream.Journal.Count;

        var answers = await Task.WhenAll(Enumerable.Range(0, Parallel).Select(n => several.CallAsync(n % Gateways, key, delayMs: 200, id: "the-one", idempotencyKey: "once")));

        Assert.That(several.Upstream.Journal["the-one"].Requests, Is.EqualTo(1));
        Assert.That(several.Upstream.Journal, Has.Count.EqualTo(before + 1));
        Assert.That(answers.Select(static answer => answer.Status), Has.All.AnyOf(200, 409));
        Assert.That(answers.Where(static answer => answer.Status == 200).Select(static answer => answer.Answer.Headers.GetValues("x-gateway-receipt").Single()).Distinct().Count(), Is.EqualTo(1));
        var again = await several.CallAsync(2, key, delayMs: 200, id: "the-one", idempotencyKey: "once");
        Assert.That(again.Answer.Headers.GetValues("Idempotent-Replayed").Single(), Is.EqualTo("true"));
    }

    [Test]
    public async Task An_answer_that_one_gateway_has_cached_is_given_by_another_for_nothing()
    {
        await several.Gateways[0].PostAsync("/api/proxy-rules", """{"type":"cache_enable","name":"faq","tag":"faq","config":{"ttlSeconds":60}}""");
        var key = await several.Gateways[0].CreateKeyAsync(""","tags":["faq"]""");
        await Task.Delay(TimeSpan.FromSeconds(1));

        var first = await several.CallAsync(0, key, words: 7, id: "faq");
        var second = await several.CallAsync(1, key, words: 7, id: "faq");

        Assert.That(first.Answer.Headers.GetValues("x-gateway-cache").Single(), Is.EqualTo("miss"));
        Assert.That(second.Answer.Headers.GetValues("x-gateway-cache").Single(), Is.EqualTo("hit"));
        Assert.That(second.Body["choices"]!.ToJsonString(), Is.EqualTo(first.Body["choices"]!.ToJsonString()));
        Assert.That(first.Body["usage"]!["cost"]!.GetValue<decimal>(), Is.GreaterThan(0));
        Assert.That(second.Body["usage"]!["cost"]!.GetValue<decimal>(), Is.Zero);
        Assert.That(several.Upstream.Journal["faq"].Requests, Is.EqualTo(1));
    }

    [Test]
    public async Task Fifty_calls_on_a_rate_of_five_admit_five()
    {
        var key = (await several.Gateways[2].PostAsync(
            "/api/keys", """{"name":"slow","kind":"inference","rateLimit":{"burst":5,"refillPerSecond":0.001}}"""))["key"]!.GetValue<string>();

        var answers = await RaceAsync(key, words: 1);

        Assert.That(answers.Count(static answer => answer == 200), Is.EqualTo(5), string.Join(' ', answers));
        Assert.That(answers.Where(static answer => answer != 200), Has.All.EqualTo(429));
    }

    [Test]
    public async Task A_key_that_was_disabled_on_one_gateway_is_refused_by_the_others_within_a_second()
    {
        var made = await several.Gateways[0].PostAsync("/api/keys", """{"name":"short","kind":"inference"}""");
        var key = made["key"]!.GetValue<string>();
        Assert.That((await several.CallAsync(1, key, words: 1)).Status, Is.EqualTo(200));

        await several.Gateways[0].PatchAsync($"/api/keys/{made["id"]!.GetValue<string>()}", """{"enabled":false}""");
        await Task.Delay(TimeSpan.FromSeconds(1));

        Assert.That((await several.CallAsync(1, key, words: 1)).Status, Is.EqualTo(401));
    }

    [Test]
    public async Task With_Redis_stopped_calls_go_on_and_settle()
    {
        var key = await several.Gateways[0].CreateKeyAsync();
        await several.CallAsync(0, key);
        var before = await several.WalletAsync(0);
        var running = several.CallAsync(1, key, delayMs: 1500);
        await Task.Delay(300);

        await several.Redis.StopAsync();
        var answers = new List<int>();
        for (var n = 0; n < 6; n++)
            answers.Add((await several.CallAsync(n % Gateways, key)).Status);
        var inFlight = await running;
        await several.Redis.RestartAsync();
        await UntilAsync(async () => (await several.CallAsync(0, key)).Status == 200);

        Assert.That(inFlight.Status, Is.EqualTo(200));
        Assert.That(answers, Has.All.EqualTo(200));
        await AssertAgreeAsync(wallet => wallet.Held == 0 && wallet.Posted < before.Posted);
    }

    [Test]
    public async Task With_PostgreSQL_stopped_calls_go_on_and_are_recorded_after()
    {
        var key = await several.Gateways[0].CreateKeyAsync();
        for (var n = 0; n < Gateways; n++)
            Assert.That((await several.CallAsync(n, key)).Status, Is.EqualTo(200));

        await several.Postgres.StopAsync(immediate: true);
        var answers = new List<int>();
        for (var n = 0; n < 9; n++)
            answers.Add((await several.CallAsync(n % Gateways, key)).Status);
        var waiting = await several.UnrecordedAsync(0);
        await several.Postgres.RestartAsync();

        Assert.That(answers, Has.All.EqualTo(200));
        Assert.That(waiting, Is.Positive);
        await UntilAsync(async () => await several.UnrecordedAsync(0) + await several.UnrecordedAsync(1) + await several.UnrecordedAsync(2) == 0);
        await AssertAgreeAsync(static wallet => wallet.Held == 0);
    }

    [Test]
    public async Task With_both_stopped_new_calls_get_503_and_those_in_flight_settle()
    {
        var key = await several.Gateways[0].CreateKeyAsync();
        for (var n = 0; n < Gateways; n++)
            await several.CallAsync(n, key);
        var running = several.CallAsync(0, key, delayMs: 2000);
        await Task.Delay(500);

        await several.Postgres.StopAsync(immediate: true);
        await several.Redis.StopAsync();
        var refused = await several.CallAsync(1, key);
        var inFlight = await running;
        await several.Redis.RestartAsync();
        await several.Postgres.RestartAsync();

        Assert.That(refused.Status, Is.EqualTo(503));
        Assert.That(refused.Body["error"]!["code"]!.GetValue<string>(), Is.EqualTo("ledger_unavailable"));
        Assert.That(refused.Answer.Headers.RetryAfter, Is.Not.Null);
        Assert.That(inFlight.Status, Is.EqualTo(200));
        await UntilAsync(async () => (await several.CallAsync(2, key)).Status == 200);
        await AssertAgreeAsync(static wallet => wallet.Held == 0);
    }

    private async Task<IReadOnlyList<int>> RaceAsync(string key, int words = 100)
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, Parallel).Select(n => several.CallAsync(n % Gateways, key, words, delayMs: 20)));
        return [.. answers.Select(static answer => answer.Status)];
    }

    // Everything is recorded, every gateway says the same, and the book says it too.
    private async Task AssertAgreeAsync(Func<(decimal Posted, decimal Held, decimal Spent), bool> isRight)
    {
        await UntilAsync(async () => (await several.WalletAsync(0)).Held == 0 && await several.UnrecordedAsync(0) + await several.UnrecordedAsync(1) + await several.UnrecordedAsync(2) == 0);
        var first = await several.WalletAsync(0);
        Assert.That(isRight(first), Is.True, first.ToString());
        for (var n = 1; n < Gateways; n++)
            Assert.That(await several.WalletAsync(n), Is.EqualTo(first));
        var book = await StoredBook.ReadPostgresAsync(several.Database);
        Assert.That(book.Broken, Is.Empty);
        var left = book.Buckets.Single(static bucket => bucket.Kind == "wallet").Posted;
        Assert.That(left, Is.EqualTo((long)(first.Posted * 1_000_000_000)), string.Create(CultureInfo.InvariantCulture, $"the front says {first.Posted}"));
    }

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await isSo())
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
                Assert.Fail("It did not come to that in time.");
            await Task.Delay(100);
        }
    }
}
