using System.Diagnostics;
using Gateway.Ledger;
using Gateway.Tests.Fakes;
using Gateway.Tests.Servers;
using NUnit.Framework;

namespace Gateway.Tests.Coordination;

/// <summary>Gateways that agree on a front, and one that slept through the agreement.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class EpochTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private RedisServer redis = null!;
    private string database = "";

    [SetUp]
    public async Task StartAsync()
    {
        database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        redis = await RedisServer.StartAsync("--maxmemory-policy", "noeviction");
    }

    [TearDown]
    public async Task StopAsync() => await redis.DisposeAsync();

    [Test]
    public async Task A_gateway_that_slept_through_an_epoch_charges_late_what_is_still_there()
    {
        await using var sleeper = await OneGateway.OpenAsync(database, redis.ConnectionString);
        await using var other = await OneGateway.OpenAsync(database, redis.ConnectionString);
        await TopUpAsync(other, 1000);
        var running = await sleeper.HoldAsync(100);
        var settled = await sleeper.HoldAsync(50);
        await sleeper.SettleAsync(settled, 50);

        await PassEpochAsync(sleeper, other);
        var between = await other.HoldAsync(500);
        sleeper.Wake();
        sleeper.Ledger.Finish(settled, Delivery.Confirmed);
        var late = await sleeper.SettleAsync(running, 70);
        sleeper.Ledger.Finish(running, Delivery.Confirmed);
        await other.SettleAsync(between, 500);
        other.Ledger.Finish(between, Delivery.Confirmed);
        await RestAsync(sleeper, other);

        Assert.That((late.Cost, late.Shortfall), Is.EqualTo((new Credits(70), Credits.Zero)));
        Assert.That((await other.BookBucketAsync()).Posted, Is.EqualTo(new Credits(380)));
        Assert.That(await FrontAsync(other), Is.EqualTo((new Credits(380), Credits.Zero)));
    }

    [Test]
    public async Task What_was_spent_meanwhile_is_the_houses()
    {
        await using var sleeper = await OneGateway.OpenAsync(database, redis.ConnectionString);
        await using var other = await OneGateway.OpenAsync(database, redis.ConnectionString);
        await TopUpAsync(other, 1000);
        var running = await sleeper.HoldAsync(100);
        var settled = await sleeper.HoldAsync(50);
        await sleeper.SettleAsync(settled, 50);

        await PassEpochAsync(sleeper, other);
        var between = await other.HoldAsync(1000);
        await other.SettleAsync(between, 1000);
        other.Ledger.Finish(between, Delivery.Confirmed);
        sleeper.Wake();
        sleeper.Ledger.Finish(settled, Delivery.Confirmed);
        var late = await sleeper.SettleAsync(running, 70);
        sleeper.Ledger.Finish(running, Delivery.Confirmed);
        await RestAsync(sleeper, other);

        Assert.That((late.Cost, late.Shortfall), Is.EqualTo((Credits.Zero, new Credits(70))));
        Assert.That((await other.BookBucketAsync()).Posted, Is.EqualTo(Credits.Zero));
        Assert.That(await FrontAsync(other), Is.EqualTo((Credits.Zero, Credits.Zero)));
    }

    [Test]
    public async Task A_gateway_whose_clock_is_five_minutes_off_admits_nothing()
    {
        await using var right = await OneGateway.OpenAsync(database, redis.ConnectionString);
        await using var wrong = await OneGateway.OpenAsync(database, redis.ConnectionString, new ShiftedTime(TimeSpan.FromMinutes(5)));
        await TopUpAsync(right, 1000);

        Assert.That(await wrong.Ledger.HoldAsync(Calls.Request(1), default), Is.EqualTo(new HoldResult.Unavailable(UnavailableReason.Clock)));
        Assert.That(await right.Ledger.HoldAsync(Calls.Request(1), default), Is.InstanceOf<HoldResult.Held>());
    }

    private static async Task TopUpAsync(OneGateway gateway, long nano) => await gateway.Ledger.PostAsync(
        new Posting
        {
            Account = Calls.Account,
            Workspace = "ws_1",
            Kind = BucketKind.Credit,
            Currency = "CREDIT",
            Amount = new Credits(nano),
            Actor = "test",
        },
        default);

    // Redis is wiped while one gateway sleeps: the other one, alone, opens the next epoch from the book.
    private async Task PassEpochAsync(OneGateway sleeper, OneGateway other)
    {
        var before = other.Epochs.RecordingEpoch;
        sleeper.Sleep();
        await redis.FlushAsync();
        await UntilAsync(() => Task.FromResult(other.Epochs.RecordingEpoch > before && other.Epochs.IsOpen));
    }

    private static Task RestAsync(params OneGateway[] gateways) => UntilAsync(async () =>
        gateways.All(static gateway => gateway.Ledger.Health.Unrecorded == 0) && (await gateways[0].FrontBucketAsync()).Held == Credits.Zero);

    private static async Task<(Credits Posted, Credits Held)> FrontAsync(OneGateway gateway)
    {
        var bucket = await gateway.FrontBucketAsync();
        return (bucket.Posted, bucket.Held);
    }

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await isSo())
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
                Assert.Fail("It did not come to that in time.");
            await Task.Delay(20);
        }
    }

    private sealed class ShiftedTime(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
