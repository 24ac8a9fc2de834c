using Gateway.Ledger;
using Gateway.Ledger.Front;
using Gateway.Ledger.Front.Rows;
using Gateway.Tests.Fakes;
using Gateway.Tests.Servers;
using NUnit.Framework;

namespace Gateway.Tests.Front;

/// <summary>The server is killed under the rows. An operation whose reply is lost is repeated by its id.</summary>
[TestFixture]
public sealed class RowOutageTests
{
    private const int Credited = 1_000_000;
    private const int Workers = 6;
    private const int Kills = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Test]
    [CancelAfter(180_000)]
    public async Task Killing_the_server_under_three_gateways_charges_each_call_once(CancellationToken cancellationToken)
    {
        await using var server = await PostgresServer.StartAsync();
        await using var tables = await RowTables.CreateAsync(server);
        var book = new MemoryBook();
        book.Add(Calls.Account, Calls.Credit(Credited));
        var gateways = Enumerable.Range(1, 3).Select(n => Gateway(tables, book, $"gw-{n}")).ToArray();
        using var stop = new CancellationTokenSource();

        var working = Enumerable.Range(0, Workers).Select(n => Task.Run(() => WorkAsync(gateways, n, stop.Token), cancellationToken)).ToArray();
        for (var i = 0; i < Kills; i++)
        {
            await Task.Delay(400, cancellationToken);
            await server.KillAsync();
            await server.RestartAsync();
        }

        await Task.Delay(400, cancellationToken);
        await stop.CancelAsync();
        var done = (await Task.WhenAll(working)).SelectMany(static calls => calls).ToArray();

        var bucket = (await gateways[0].BalanceAsync(Calls.Account, cancellationToken)).Buckets.Single();
        var claimed = await gateways[0].ClaimAsync(liveGateways: null, 100_000, cancellationToken);
        Assert.That(done.Sum(call => (long)call.Repeats), Is.GreaterThan(0), "No kill hit an operation.");
        Assert.That(bucket.Posted.Nano, Is.EqualTo(Credited - done.Sum(call => call.Charged.Nano)));
        Assert.That(bucket.Held, Is.EqualTo(Credits.Zero));
        Assert.That(claimed.Select(call => call.Call.ReceiptId), Is.EquivalentTo(done.Select(call => call.Id)));
        Assert.That(claimed.Sum(call => call.Call.Cost.Nano), Is.EqualTo(done.Sum(call => call.Charged.Nano)));
        TestContext.Out.WriteLine($"{done.Length} calls, {done.Sum(call => call.Repeats)} repeated operations.");
    }

    [Test]
    public async Task A_server_that_is_away_is_an_unavailable_front_and_never_a_wrong_answer()
    {
        await using var server = await PostgresServer.StartAsync();
        await using var tables = await RowTables.CreateAsync(server);
        var book = new MemoryBook();
        book.Add(Calls.Account, Calls.Credit(100));
        var front = Gateway(tables, book, "gw-1");
        var held = (HoldResult.Held)await front.HoldAsync(Calls.Request(60), default);
        await server.StopAsync(immediate: true);

        Assert.That(() => front.HoldAsync(Calls.Request(1), default).AsTask(), Throws.InstanceOf<FrontUnavailableException>());
        Assert.That(() => front.SettleAsync(held.Hold, new Credits(60), false, 0, null, default).AsTask(), Throws.InstanceOf<FrontUnavailableException>());
        Assert.That(() => front.RenewAsync(held.Hold, Credits.Zero, default, default).AsTask(), Throws.InstanceOf<FrontUnavailableException>());
        Assert.That(() => front.ProbeAsync(default), Throws.InstanceOf<FrontUnavailableException>());

        await server.RestartAsync();
        Assert.That((await front.SettleAsync(held.Hold, new Credits(60), false, 0, null, default)).Charged, Is.EqualTo(new Credits(60)));
    }

    private static RowFront Gateway(RowTables tables, MemoryBook book, string id)
    {
        var front = new RowFront(tables.Source, book, id, TimeSpan.FromMinutes(5), clock: null);
        front.UseEpoch(1);
        return front;
    }

    // Each call is held by one gateway; its settlement is asked for again from another, with another cost.
    private static async Task<List<(ReceiptId Id, Credits Charged, int Repeats)>> WorkAsync(RowFront[] gateways, int worker, CancellationToken stop)
    {
        var random = new Random(worker);
        var done = new List<(ReceiptId, Credits, int)>();
        while (!stop.IsCancellationRequested)
        {
            var front = gateways[random.Next(gateways.Length)];
            var cost = random.Next(1, 10);
            var request = Calls.Request(10);
            var (result, holds) = await RepeatAsync(() => front.HoldAsync(request, default));
            var hold = ((HoldResult.Held)result).Hold;
            var (first, settlements) = await RepeatAsync(() => front.SettleAsync(hold, new Credits(cost), false, 0, Calls.Planned(hold, cost), default));
            var other = gateways[random.Next(gateways.Length)];
            var (second, _) = await RepeatAsync(() => other.SettleAsync(hold, new Credits(10), false, 0, Calls.Planned(hold, 10), default));
            Assert.That(second.Charged, Is.EqualTo(first.Charged));
            done.Add((request.ReceiptId, first.Charged, holds + settlements));
        }

        return done;
    }

    private static async Task<(T Result, int Repeats)> RepeatAsync<T>(Func<ValueTask<T>> operation)
    {
        using var deadline = new CancellationTokenSource(Patience);
        for (var repeats = 0; ; repeats++)
        {
            try
            {
                return (await operation(), repeats);
            }
            catch (FrontUnavailableException) when (!deadline.IsCancellationRequested)
            {
                await Task.Delay(20, CancellationToken.None);
            }
        }
    }
}
