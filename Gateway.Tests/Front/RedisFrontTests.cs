using System.Globalization;
using System.Text.RegularExpressions;
using Gateway.Ledger;
using Gateway.Ledger.Front;
using Gateway.Ledger.Front.Redis;
using Gateway.Tests.Fakes;
using Gateway.Tests.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Gateway.Tests.Front;

[TestFixture]
public sealed class RedisFrontTests : SharedFrontContract
{
    private RedisServer server = null!;
    private RedisServers servers = null!;

    [OneTimeSetUp]
    public async Task ConnectAsync()
    {
        server = await RedisServer.SharedAsync();
        servers = await RedisServers.ConnectAsync(server.ConnectionString, NullLogger.Instance, default);
    }

    [OneTimeTearDown]
    public async Task DisconnectAsync() => await servers.DisposeAsync();

    [Test]
    public async Task A_call_is_two_round_trips_and_a_renewal_is_one()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        await HeldAsync(Calls.Request(1));
        await server.CliAsync("config", "resetstat");

        var hold = await HeldAsync(Calls.Request(10));
        await Front.RenewAsync(hold, new Credits(1), default, default);
        await Front.SettleAsync(hold, new Credits(5), mayOverrun: false, 0, Calls.Planned(hold, 5), default);

        // Commands that a script runs are counted too, so only what clients send is looked at: all of it is EVALSHA.
        var stats = await server.CliAsync("info", "commandstats");
        Assert.That(stats, Does.Contain("cmdstat_evalsha:calls=3,"));
        Assert.That(stats, Does.Not.Contain("cmdstat_eval:").And.Not.Contain("cmdstat_script"));
    }

    [Test]
    public async Task A_wiped_redis_refuses_instead_of_showing_empty_balances()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        var hold = await HeldAsync(Calls.Request(60));

        await server.CliAsync("flushall");

        Assert.That(() => Front.BalanceAsync(Calls.Account, default).AsTask(), Throws.InstanceOf<FrontUnavailableException>());
        Assert.That(() => HoldAsync(Calls.Request(1)), Throws.InstanceOf<FrontUnavailableException>());
        Assert.That(() => SettleAsync(hold, 1), Throws.InstanceOf<FrontUnavailableException>());
        Assert.That(() => Shared.ReapAsync(default).AsTask(), Throws.InstanceOf<FrontUnavailableException>());
        Assert.That((await Shared.ProbeAsync(default)).Epoch, Is.Null);
    }

    [Test]
    public async Task Flushed_scripts_are_loaded_again_only_after_the_life_was_looked_at()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        var hold = await HeldAsync(Calls.Request(60));

        await server.CliAsync("script", "flush");

        Assert.That(() => SettleAsync(hold, 1), Throws.InstanceOf<FrontUnavailableException>());
        Assert.That(() => SettleAsync(hold, 1), Throws.InstanceOf<FrontUnavailableException>());
        Assert.That((await Shared.ProbeAsync(default)).Epoch, Is.EqualTo(FirstEpoch));
        Assert.That((await SettleAsync(hold, 20)).Charged, Is.EqualTo(new Credits(20)));
    }

    [Test]
    public async Task Settlements_of_an_older_epoch_are_charged_when_they_are_claimed_unless_the_book_has_them()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        await ThreeAsync();
        var recorded = await HeldAsync(Calls.Request(10));
        var waiting = await HeldAsync(Calls.Request(20));
        foreach (var hold in (Hold[])[recorded, waiting])
            await Front.SettleAsync(hold, hold.Amount, mayOverrun: false, 0, Calls.Planned(hold, hold.Amount.Nano), default);
        await Book.RecordAsync([Calls.Planned(recorded, 10)], default);
        await NextEpochAsync();
        var other = (await ThreeAsync())[1];

        var claimed = (await other.ClaimAsync(Live(), 10, default)).Single();

        Assert.That((claimed.Call.ReceiptId, claimed.Call.Cost), Is.EqualTo((waiting.ReceiptId, new Credits(20))));
        Assert.That((await BucketAsync()).Posted, Is.EqualTo(new Credits(70)), "10 from the book, 20 charged late.");
        await other.AcknowledgeAsync([(Calls.Account, waiting.ReceiptId)], default);
        Assert.That(await Shared.ClaimAsync(Live(), 10, default), Is.Empty);
    }

    [Test]
    public async Task An_idle_gateway_asks_a_shard_for_expired_leases_only_when_one_may_be_over()
    {
        await Shared.ReapAsync(default);
        Assert.That(await ScriptsAsync(() => Shared.ReapAsync(default).AsTask()), Is.Zero, "No lease can be over yet.");
        Time.Advance(LeaseRounds.LongestRest);
        Assert.That(await ScriptsAsync(() => Shared.ReapAsync(default).AsTask()), Is.EqualTo(RedisShard.Count));

        Book.Add(Calls.Account, Calls.Credit(100));
        var hold = await HeldAsync(Calls.Request(60));
        Time.Advance(Lease - TimeSpan.FromSeconds(1));
        Assert.That(await ScriptsAsync(() => Shared.ReapAsync(default).AsTask()), Is.EqualTo(RedisShard.Count));
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(await ScriptsAsync(() => Shared.ReapAsync(default).AsTask()), Is.EqualTo(2), "The shard of the lease that ends now, and its end.");
        Assert.That(await Front.RenewAsync(hold, Credits.Zero, default, default), Is.False);
    }

    [Test]
    public async Task Streams_are_looked_through_when_a_gateway_goes_or_this_one_reaps_or_after_a_while()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        Assert.That(await ClaimsAsync("gw-1", "gw-2"), Is.EqualTo(RedisShard.Count));
        Assert.That(await ClaimsAsync("gw-1", "gw-2"), Is.Zero);
        Assert.That(await ClaimsAsync("gw-1"), Is.EqualTo(RedisShard.Count), "A gateway has gone.");
        Time.Advance(ClaimRounds.LongestRest);
        Assert.That(await ClaimsAsync("gw-1"), Is.EqualTo(RedisShard.Count), "A while has passed.");

        await HeldAsync(Calls.Request(60));
        Time.Advance(Lease);
        await Shared.ReapAsync(default);
        var reaped = (await Shared.ClaimAsync(Live("gw-1"), 10, default)).Single();
        Assert.That(await ClaimsAsync("gw-1"), Is.EqualTo(RedisShard.Count), "What was claimed may not have been recorded.");
        await Shared.AcknowledgeAsync([(Calls.Account, reaped.Call.ReceiptId)], default);

        Assert.That(await ClaimsAsync("gw-1"), Is.EqualTo(RedisShard.Count));
        Assert.That(await ClaimsAsync("gw-1"), Is.Zero);
    }

    private Task<int> ClaimsAsync(params string[] live) => ScriptsAsync(() => Shared.ClaimAsync(Live(live), 10, default));

    private async Task<int> ScriptsAsync(Func<Task> work)
    {
        await server.CliAsync("config", "resetstat");
        await work();
        var stats = await server.CliAsync("info", "commandstats");
        var calls = Regex.Match(stats, @"cmdstat_evalsha:calls=(?<calls>\d+)", RegexOptions.None, TimeSpan.FromSeconds(1));
        return calls.Success ? int.Parse(calls.Groups["calls"].Value, CultureInfo.InvariantCulture) : 0;
    }

    private protected override async ValueTask WipeAsync() => await server.FlushAsync();

    private protected override ValueTask<ISharedFront> CreateAsync(string gateway) =>
        ValueTask.FromResult<ISharedFront>(new RedisFront(servers, Book, gateway, Lease, Time));
}
