using System.Diagnostics;
using Gateway.Host.Caching;
using Gateway.Tests.Servers;
using Gateway.Transforms.Caching;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Gateway.Tests.Caching;

/// <summary>What the store in Redis does, alone and in a cluster.</summary>
public abstract class RedisAnswerStoreContract : AnswerStoreContract
{
    // A busy test machine is no outage.
    private protected static readonly RedisStoreBounds Patient = new() { Patience = TimeSpan.FromSeconds(5), WritePatience = TimeSpan.FromSeconds(5) };

    private CacheConnection? connection;

    private protected override DateTimeOffset Now => DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());

    // Of a stored answer with the model "echo-1", and of the script.
    private protected override int Overhead => StoredReplyFormat.HeadLength + "echo-1".Length + 300;

    private protected abstract Task<string> ConnectionStringAsync();

    private protected abstract Task WipeAsync();

    [OneTimeTearDown]
    public async Task DisconnectAsync()
    {
        if (connection is not null)
            await connection.DisposeAsync();
    }

    private protected override async Task<IAnswerStore> CreateAsync(long maxBytes, int maxQuestions = 10)
    {
        var connectionString = await ConnectionStringAsync();
        await WipeAsync();
        connection ??= await CacheConnection.OpenAsync(connectionString, TimeProvider.System, NullLogger.Instance);
        return new RedisAnswerStore(connection, Patient with { WorkspaceBytes = maxBytes, MaxQuestions = maxQuestions });
    }

    private protected override Task PassAsync(TimeSpan time) => Task.Delay(time);

    [Test]
    public async Task A_workspace_that_is_full_takes_no_room_from_another()
    {
        var store = await CreateAsync(2 * (1_000 + Overhead));
        await store.KeepAsync(Replies.Key(1, "ws_b"), Replies.OfSize(1_000), TimeSpan.FromHours(1), default);

        for (ulong number = 1; number <= 20; number++)
            await store.KeepAsync(Replies.Key(number), Replies.OfSize(1_000), TimeSpan.FromHours(1), default);

        Assert.That(await store.FindAsync(Replies.Key(1, "ws_b"), default), Is.Not.Null);
    }

    [TestCase("")]
    [TestCase("}")]
    [TestCase("{a}")]
    [TestCase("ws a:x\n")]
    [TestCase("wörk")]
    public async Task A_workspace_may_have_any_name(string workspace)
    {
        var store = await CreateAsync(1 << 20);

        Assert.That(await store.KeepAsync(Replies.Key(1, "ws" + workspace), Replies.Of("a"), TimeSpan.FromHours(1), default), Is.True);
        Assert.That((await store.FindAsync(Replies.Key(1, "ws" + workspace), default)).Text(), Is.EqualTo("a"));
    }

    [Test]
    public async Task Gateways_that_write_at_once_keep_the_bound()
    {
        var store = await CreateAsync(20 * (1_000 + Overhead));
        await Parallel.ForAsync(0UL, 400UL, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (number, cancellationToken) =>
            await store.KeepAsync(Replies.Key(number % 60), Replies.OfSize((int)(number % 1_000)), TimeSpan.FromHours(1), cancellationToken));

        var bytes = 0;
        for (ulong number = 0; number < 60; number++)
            bytes += await store.FindAsync(Replies.Key(number), default) is { } found ? found.Body.Length + Overhead : 0;
        Assert.That(bytes, Is.InRange(10 * (500 + Overhead), 20 * (1_000 + Overhead)));
    }
}

[TestFixture]
public sealed class RedisAnswerStoreTests : RedisAnswerStoreContract
{
    private protected override async Task<string> ConnectionStringAsync() => (await RedisServer.SharedAsync()).ConnectionString;

    private protected override async Task WipeAsync() => await (await RedisServer.SharedAsync()).FlushAsync();
}

[TestFixture]
public sealed class RedisClusterAnswerStoreTests : RedisAnswerStoreContract
{
    private RedisServer[] nodes = [];

    [OneTimeSetUp]
    public async Task StartAsync() => nodes = await RedisServer.StartClusterAsync();

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        foreach (var node in nodes)
            await node.DisposeAsync();
    }

    private protected override Task<string> ConnectionStringAsync() => Task.FromResult(string.Join(',', nodes.Select(static node => node.ConnectionString)));

    private protected override async Task WipeAsync()
    {
        foreach (var node in nodes)
            await node.FlushAsync();
    }

    [Test]
    public async Task Workspaces_on_all_nodes_are_served()
    {
        var store = await CreateAsync(1 << 20);
        for (ulong number = 0; number < 30; number++)
        {
            var key = Replies.Key(number, $"ws_{number}");
            Assert.That(await store.KeepAsync(key, Replies.Of($"{number}"), TimeSpan.FromHours(1), default), Is.True);
            Assert.That((await store.FindAsync(key, default)).Text(), Is.EqualTo($"{number}"));
        }

        var sizes = await Task.WhenAll(nodes.Select(static node => node.CliAsync("dbsize")));
        Assert.That(sizes.Select(static size => int.Parse(size)), Is.All.GreaterThan(0));
    }
}

/// <summary>A Redis that is away, hangs, is full, or holds what is none of ours.</summary>
[TestFixture]
public sealed class RedisAnswerStoreOutageTests
{
    private RedisServer server = null!;
    private CacheConnection connection = null!;
    private RedisAnswerStore store = null!;

    [SetUp]
    public async Task StartAsync()
    {
        server = await RedisServer.StartAsync();
        connection = await CacheConnection.OpenAsync(server.ConnectionString, TimeProvider.System, NullLogger.Instance);
        store = new RedisAnswerStore(connection, new RedisStoreBounds());

        // The first call of a process compiles; it is none of what is measured.
        await new RedisAnswerStore(connection, new RedisStoreBounds { Patience = TimeSpan.FromSeconds(5) }).FindAsync(Replies.Key(1), default);
        Assert.That(await store.KeepAsync(Replies.Key(1), Replies.Of("a"), TimeSpan.FromHours(1), default), Is.True);
    }

    [TearDown]
    public async Task StopAsync()
    {
        if (connection is not null)
            await connection.DisposeAsync();
        if (server is not null)
            await server.DisposeAsync();
    }

    [Test]
    public async Task A_killed_redis_is_a_miss_at_once_and_no_error()
    {
        await server.KillAsync();
        await Task.Delay(100);
        var watch = Stopwatch.StartNew();

        Assert.That(await store.FindAsync(Replies.Key(1), default), Is.Null);
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromMilliseconds(500)), "50 ms, and what a busy test machine adds");
        Assert.That(await store.KeepAsync(Replies.Key(1), Replies.Of("a"), TimeSpan.FromHours(1), default), Is.False);
        Assert.That(await store.ForgetAsync(Replies.Key(1), default), Is.False);
        Assert.That((await store.QuestionsAsync(Replies.Key(1), default, default)).Questions, Is.Empty);
    }

    [Test]
    public async Task A_redis_that_hangs_costs_each_request_50_ms_and_after_three_nothing()
    {
        var hanging = server.CliAsync("debug", "sleep", "2");
        await Task.Delay(100);
        for (var i = 0; i < 3; i++)
            Assert.That(await store.FindAsync(Replies.Key(1), default), Is.Null);

        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 100; i++)
            Assert.That(await store.FindAsync(Replies.Key(1), default), Is.Null);

        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromMilliseconds(500)), "A hundred waits of 50 ms are five seconds.");
        await hanging;
        Assert.That(() => store.FindAsync(Replies.Key(1), default).AsTask(), Is.Not.Null.After(5_000, 100), "It is asked again.");
    }

    [Test]
    public async Task A_redis_that_comes_back_is_used_again()
    {
        await server.RestartAsync();

        Assert.That(() => store.FindAsync(Replies.Key(1), default).AsTask(), Is.Not.Null.After(10_000, 100));
    }

    [Test]
    public async Task A_full_redis_keeps_nothing_more_and_still_finds()
    {
        await server.CliAsync("config", "set", "maxmemory", "1");

        Assert.That(await store.KeepAsync(Replies.Key(2), Replies.Of("b"), TimeSpan.FromHours(1), default), Is.False);
        Assert.That(() => store.FindAsync(Replies.Key(1), default).AsTask(), Is.Not.Null.After(3_000, 100));
        Assert.That(await store.ForgetAsync(Replies.Key(1), default), Is.True);
    }

    [Test]
    public async Task What_is_no_stored_answer_is_a_miss()
    {
        var name = (await server.CliAsync("keys", "gw:cache:*:a:*")).Trim();
        foreach (var value in (string[])["", "x", new string('\x01', 40)])
        {
            await server.CliAsync("set", name, value);
            Assert.That(await store.FindAsync(Replies.Key(1), default), Is.Null);
        }
    }

    [Test]
    public async Task A_caller_that_goes_away_is_told_so()
    {
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();

        Assert.That(() => store.FindAsync(Replies.Key(1), gone.Token).AsTask(), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(() => store.FindAsync(Replies.Key(1), default).AsTask(), Is.Not.Null.After(3_000, 100));
    }

    [Test]
    public async Task Every_key_has_an_expiry_and_nothing_stays_when_the_last_answer_is_gone()
    {
        await server.FlushAsync();
        await store.KeepAsync(Replies.Key(1), Replies.Of("a"), TimeSpan.FromSeconds(1), default);
        await store.ForgetAsync(Replies.Key(7), default);

        await Task.Delay(1_300);

        Assert.That((await server.CliAsync("dbsize")).Trim(), Is.EqualTo("0"));
    }
}
