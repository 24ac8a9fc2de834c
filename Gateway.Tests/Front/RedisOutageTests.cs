using Gateway.Ledger;
using Gateway.Ledger.Front;
using Gateway.Ledger.Front.Redis;
using Gateway.Tests.Fakes;
using Gateway.Tests.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Gateway.Tests.Front;

/// <summary>A Redis that is restarted, full, away or wrongly set.</summary>
[TestFixture]
public sealed class RedisOutageTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);
    private readonly List<IAsyncDisposable> opened = [];
    private MemoryBook book = null!;

    [SetUp]
    public void Open()
    {
        book = new MemoryBook();
        book.Add(Calls.Account, Calls.Credit(100));
    }

    [TearDown]
    public async Task CloseAsync()
    {
        opened.Reverse();
        foreach (var one in opened)
            await one.DisposeAsync();
        opened.Clear();
    }

    [Test]
    public async Task A_restarted_redis_is_not_believed_in_its_old_epoch()
    {
        var server = await StartAsync();
        var front = await FrontAsync(server, 1);
        var before = await front.ProbeAsync(default);
        var hold = await HeldAsync(front, 60);

        await server.RestartAsync();

        var after = await ProbeAsync(front);
        Assert.That(after.Life, Is.Not.EqualTo(before.Life));
        Assert.That(after.Epoch, Is.EqualTo(1));
        Assert.That(() => SettleAsync(front, hold, 1), Throws.InstanceOf<FrontUnavailableException>());
        Assert.That(() => front.OpenEpochAsync(1, default), Throws.InstanceOf<FrontUnavailableException>(), "The same epoch in another life.");

        await front.OpenEpochAsync(2, default);
        front.UseEpoch(2);
        await front.RestoreAsync(hold, Credits.Zero, default, default);
        Assert.That((await SettleAsync(front, hold, 60)).Charged, Is.EqualTo(new Credits(60)));
    }

    [Test]
    public async Task A_killed_redis_is_away_and_not_an_error()
    {
        var server = await StartAsync();
        var front = await FrontAsync(server, 1);
        var hold = await HeldAsync(front, 60);

        await server.KillAsync();

        Assert.That(() => SettleAsync(front, hold, 1), Throws.InstanceOf<FrontUnavailableException>());
        Assert.That(() => front.HoldAsync(Calls.Request(1), default).AsTask(), Throws.InstanceOf<FrontUnavailableException>());
        Assert.That(() => front.ProbeAsync(default), Throws.InstanceOf<FrontUnavailableException>());
    }

    [Test]
    public async Task A_redis_that_hangs_is_away_after_a_second()
    {
        var server = await StartAsync();
        var front = await FrontAsync(server, 1);
        var hold = await HeldAsync(front, 60);

        var hanging = server.CliAsync("debug", "sleep", "4");
        await Task.Delay(100);
        var waited = System.Diagnostics.Stopwatch.StartNew();
        Assert.That(() => SettleAsync(front, hold, 20), Throws.InstanceOf<FrontUnavailableException>());
        Assert.That(waited.Elapsed, Is.LessThan(TimeSpan.FromSeconds(3)));
        await hanging;

        // It may have been done after all: the second settlement gets that one's result, or does it now.
        await ProbeAsync(front);
        Assert.That((await SettleAsync(front, hold, 20)).Charged, Is.EqualTo(new Credits(20)));
        Assert.That((await front.BalanceAsync(Calls.Account, default)).Buckets[0].Posted, Is.EqualTo(new Credits(80)));
    }

    [Test]
    public async Task A_full_redis_admits_no_call_and_settles_those_in_flight()
    {
        var server = await StartAsync();
        var front = await FrontAsync(server, 1);
        var hold = await HeldAsync(front, 60);

        await server.CliAsync("config", "set", "maxmemory", "1");

        Assert.That(() => front.HoldAsync(Calls.Request(1), default).AsTask(), Throws.InstanceOf<FrontUnavailableException>());
        Assert.That(await front.RenewAsync(hold, new Credits(5), default, default), Is.True);
        Assert.That((await SettleAsync(front, hold, 20)).Charged, Is.EqualTo(new Credits(20)));
        await front.AcknowledgeAsync([(Calls.Account, hold.ReceiptId)], default);
        Assert.That((await front.BalanceAsync(Calls.Account, default)).Buckets[0].Posted, Is.EqualTo(new Credits(80)));
    }

    [Test]
    public async Task Leases_and_rates_follow_the_clock_of_the_server()
    {
        var server = await StartAsync();
        var front = await FrontAsync(server, 1, TimeSpan.FromMilliseconds(50));
        var hold = await HeldAsync(front, 60);
        await Task.Delay(100);

        await front.ReapAsync(default);

        Assert.That(hold.HeldAt, Is.EqualTo(DateTimeOffset.UtcNow).Within(TimeSpan.FromMinutes(1)));
        Assert.That(await front.RenewAsync(hold, new Credits(5), default, default), Is.False);
        Assert.That((await front.BalanceAsync(Calls.Account, default)).Buckets[0].Held, Is.EqualTo(Credits.Zero));
    }

    [Test]
    public async Task A_redis_that_is_away_at_the_start_is_found_later()
    {
        var server = await StartAsync();
        await server.StopAsync();
        var servers = await RedisServers.ConnectAsync(server.ConnectionString, NullLogger.Instance, default);
        opened.Add(servers);
        var front = new RedisFront(servers, book, "gw-1", Lease, null);

        Assert.That(() => front.ProbeAsync(default), Throws.InstanceOf<FrontUnavailableException>());
        await server.RestartAsync();

        Assert.That((await ProbeAsync(front)).Epoch, Is.Null);
    }

    [TestCase("--maxmemory-policy", "allkeys-lru", "maxmemory-policy")]
    [TestCase("--replicaof", "127.0.0.1 1", "read-only replica")]
    public async Task A_redis_that_would_lose_balances_stops_the_start(string option, string value, string reason)
    {
        var server = await RedisServer.StartAsync([option, .. value.Split(' ')]);
        opened.Add(server);

        Assert.That(
            () => RedisServers.ConnectAsync(server.ConnectionString, NullLogger.Instance, default),
            Throws.InstanceOf<FrontSettingException>().With.Message.StartsWith("ConnectionStrings__Redis: ").And.Message.Contains(reason));
    }

    [TestCase("")]
    [TestCase("redis://user:secret@host:6379")]
    [TestCase("host:6379,pasword=secret")]
    public void A_connection_string_that_cannot_be_read_is_told_without_its_password(string text)
    {
        Assert.That(
            () => RedisServers.ConnectAsync(text, NullLogger.Instance, default),
            Throws.InstanceOf<FrontSettingException>().With.Message.StartsWith("ConnectionStrings__Redis: ").And.Message.Not.Contains("secret"));
    }

    private static async Task<Hold> HeldAsync(RedisFront front, long amount) =>
        ((HoldResult.Held)await front.HoldAsync(Calls.Request(amount), default)).Hold;

    private static async Task<FrontSettlement> SettleAsync(RedisFront front, Hold hold, long cost) =>
        await front.SettleAsync(hold, new Credits(cost), mayOverrun: false, 0, Calls.Planned(hold, cost), default);

    // The client reconnects once a second.
    private static async Task<FrontProbe> ProbeAsync(RedisFront front)
    {
        for (var i = 0; ; i++)
        {
            try
            {
                return await front.ProbeAsync(default);
            }
            catch (FrontUnavailableException) when (i < 100)
            {
                await Task.Delay(100);
            }
        }
    }

    private async Task<RedisServer> StartAsync()
    {
        var server = await RedisServer.StartAsync();
        opened.Add(server);
        return server;
    }

    private async Task<RedisFront> FrontAsync(RedisServer server, long epoch, TimeSpan? lease = null)
    {
        var servers = await RedisServers.ConnectAsync(server.ConnectionString, NullLogger.Instance, default);
        opened.Add(servers);
        var front = new RedisFront(servers, book, "gw-1", lease ?? Lease, null);
        await front.OpenEpochAsync(epoch, default);
        front.UseEpoch(epoch);
        return front;
    }
}
