using Gateway.Ledger;
using Gateway.Ledger.Front;
using Gateway.Ledger.Front.InProcess;
using Gateway.Ledger.Front.Rows;
using Gateway.Tests.Fakes;
using Gateway.Tests.Servers;
using Npgsql;
using NUnit.Framework;

namespace Gateway.Tests.Front;

/// <summary>What rows do while an epoch begins or ends, and what they forget.</summary>
[TestFixture]
public sealed class RowEpochTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);

    private RowTables tables = null!;
    private MemoryBook book = null!;
    private ManualTimeProvider time = null!;
    private RowFront front = null!;

    [OneTimeSetUp]
    public async Task MigrateAsync() => tables = await RowTables.CreateAsync(await PostgresServer.SharedAsync());

    [OneTimeTearDown]
    public async Task DropAsync() => await tables.DisposeAsync();

    [SetUp]
    public async Task OpenAsync()
    {
        await tables.ClearAsync();
        time = new ManualTimeProvider(Calls.Start);
        book = new MemoryBook();
        book.Add(Calls.Account, Calls.Credit(100));
        front = Gateway("gw-1");
    }

    [Test]
    public async Task Nobody_is_admitted_by_rows_while_redis_is_the_front()
    {
        await HeldAsync(60);

        await tables.EpochAsync(1, "redis");

        Assert.That(() => front.HoldAsync(Calls.Request(1), default).AsTask(), Throws.InstanceOf<FrontUnavailableException>());
        Assert.That(await tables.CountAsync("front_hold"), Is.EqualTo(1));
    }

    [Test]
    public async Task The_last_settlements_of_an_epoch_end_while_the_next_one_drains_and_not_later()
    {
        var first = await HeldAsync(30);
        var second = await HeldAsync(30);

        await tables.EpochAsync(2, "redis", "drain");
        var settled = await SettleAsync(first, 30);
        await tables.EpochAsync(2, "redis", "restore");

        Assert.That(settled.Charged, Is.EqualTo(new Credits(30)));
        Assert.That(() => SettleAsync(second, 30), Throws.InstanceOf<FrontUnavailableException>());
    }

    [Test]
    public async Task No_account_is_loaded_while_the_book_is_not_complete()
    {
        await tables.EpochAsync(2, "book", "drain");
        front.UseEpoch(2);

        Assert.That(() => front.HoldAsync(Calls.Request(1), default).AsTask(), Throws.InstanceOf<FrontUnavailableException>());
        Assert.That(await tables.CountAsync("front_account"), Is.Zero);
    }

    [Test]
    public async Task A_posting_is_not_lost_to_a_gateway_that_has_read_the_book_before_it()
    {
        var news = Calls.Credit(150) with { CreditVersion = 1 };
        var posted = new MemoryBook();
        posted.Add(Calls.Account, news);

        // Nobody has loaded the account yet when the news comes.
        await Gateway("gw-2", book: posted).CreditAsync(Calls.Account, news, default);

        Assert.That(await PostedAsync(front), Is.EqualTo(new Credits(150)), "It would have stored what it read: 100.");
    }

    [Test]
    public async Task What_a_dead_gateway_settled_in_an_older_epoch_is_charged_before_it_is_recorded()
    {
        var hold = await HeldAsync(60);
        await SettleAsync(hold, 60, Calls.Planned(hold, 60));
        await NextEpochAsync();
        var other = Gateway("gw-2", 2);
        Assert.That(await PostedAsync(other), Is.EqualTo(new Credits(100)), "The book does not have the call.");

        var claimed = (await other.ClaimAsync(new HashSet<string> { "gw-2" }, 10, default)).Single();

        Assert.That(claimed.Call.Cost, Is.EqualTo(new Credits(60)));
        Assert.That(await PostedAsync(other), Is.EqualTo(new Credits(40)));
    }

    [Test]
    public async Task What_the_book_has_already_is_not_claimed_from_an_older_epoch()
    {
        var hold = await HeldAsync(60);
        await SettleAsync(hold, 60, Calls.Planned(hold, 60));
        await book.RecordAsync([Calls.Planned(hold, 60)], default);
        await NextEpochAsync();
        var other = Gateway("gw-2", 2);

        Assert.That(await other.ClaimAsync(new HashSet<string> { "gw-2" }, 10, default), Is.Empty);
        Assert.That(await PostedAsync(other), Is.EqualTo(new Credits(40)));
        Assert.That((await SettleAgainAsync(other, hold, 60))!.Value.Charged, Is.EqualTo(new Credits(60)), "Its tombstone is good in every epoch.");
    }

    [Test]
    public async Task Before_accounts_load_everything_is_claimed_as_it_is()
    {
        var hold = await HeldAsync(60);
        await SettleAsync(hold, 60, Calls.Planned(hold, 60));
        await tables.EpochAsync(2, "book", "drain");

        var claimed = (await front.ClaimAsync(liveGateways: null, 10, default)).Single();

        Assert.That((claimed.Call.ReceiptId, claimed.Call.Cost, claimed.Gateway), Is.EqualTo((hold.ReceiptId, new Credits(60), "gw-1")));
    }

    [Test]
    public async Task What_waits_for_more_than_a_minute_is_anybodys()
    {
        var hold = await HeldAsync(60);
        await SettleAsync(hold, 60, Calls.Planned(hold, 60));
        var other = Gateway("gw-2");
        var live = new HashSet<string> { "gw-1", "gw-2" };

        time.Advance(TimeSpan.FromMinutes(1));
        Assert.That(await other.ClaimAsync(live, 10, default), Is.Empty);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.That(await other.ClaimAsync(live, 10, default), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_tombstone_is_dropped_when_its_time_is_over_and_never_before_it_is_recorded()
    {
        var recorded = await HeldAsync(10);
        var waiting = await HeldAsync(10);
        await SettleAsync(recorded, 10, Calls.Planned(recorded, 10));
        await SettleAsync(waiting, 10, Calls.Planned(waiting, 10));
        await front.AcknowledgeAsync([(Calls.Account, recorded.ReceiptId)], default);

        time.Advance(Tombstones.Lifetime);
        await front.ReapAsync(default);
        Assert.That(await tables.CountAsync("front_hold"), Is.EqualTo(2));
        time.Advance(TimeSpan.FromMilliseconds(1));
        await front.ReapAsync(default);

        Assert.That(await tables.CountAsync("front_hold"), Is.EqualTo(1));
        Assert.That((await SettleAsync(waiting, 3)).Charged, Is.EqualTo(new Credits(10)));
    }

    [Test]
    public async Task Holds_of_an_older_epoch_are_void_and_swept()
    {
        await HeldAsync(60);
        await NextEpochAsync();
        front.UseEpoch(2);

        Assert.That((await front.BalanceAsync(Calls.Account, default)).Buckets.Single().Held, Is.EqualTo(Credits.Zero));
        time.Advance(Lease);
        await front.ReapAsync(default);
        Assert.That(await tables.CountAsync("front_hold"), Is.Zero);
        Assert.That(await PostedAsync(front), Is.EqualTo(new Credits(100)));
    }

    [Test]
    public async Task A_gateway_that_stalls_inside_an_operation_does_not_keep_the_account()
    {
        await HeldAsync(10);
        await using var stalled = await tables.Source.OpenConnectionAsync();
        await using var transaction = await stalled.BeginTransactionAsync();
        await using var lockRow = new NpgsqlCommand(
            "set local idle_in_transaction_session_timeout = '1s'; select 1 from front_account for update", stalled, transaction);
        await lockRow.ExecuteNonQueryAsync();

        Assert.That(await front.HoldAsync(Calls.Request(10), default), Is.InstanceOf<HoldResult.Held>());
    }

    private RowFront Gateway(string id, long epoch = 1, MemoryBook? book = null)
    {
        var gateway = new RowFront(tables.Source, book ?? this.book, id, Lease, time);
        gateway.UseEpoch(epoch);
        return gateway;
    }

    private async Task NextEpochAsync() => await front.OpenEpochAsync(2, default);

    private async Task<Hold> HeldAsync(long amount) => ((HoldResult.Held)await front.HoldAsync(Calls.Request(amount), default)).Hold;

    private async Task<FrontSettlement> SettleAsync(Hold hold, long cost, SettledCall? planned = null) =>
        await front.SettleAsync(hold, new Credits(cost), mayOverrun: false, 0, planned, default);

    private static async Task<FrontSettlement?> SettleAgainAsync(RowFront gateway, Hold hold, long cost) =>
        await gateway.SettleAgainAsync(Calls.Planned(hold, cost), default);

    private static async Task<Credits> PostedAsync(RowFront gateway) =>
        (await gateway.BalanceAsync(Calls.Account, default)).Buckets.Single().Posted;
}
