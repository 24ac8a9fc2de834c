using Gateway.Ledger.Book;
using Gateway.Tests.Fakes;
using NUnit.Framework;

namespace Gateway.Tests.Book;

/// <summary>What every store of responses' origins promises.</summary>
internal abstract class ResponseOriginContract
{
    protected ManualTimeProvider Time { get; private set; } = null!; // Set before each test.

    private protected IResponseOrigins Store { get; private set; } = null!; // Set before each test.

    private protected abstract Task<IResponseOrigins> OpenStoreAsync();

    private protected abstract Task CloseStoreAsync();

    private protected abstract Task<long> ScalarAsync(string sql);

    [SetUp]
    public async Task OpenAsync()
    {
        Time = new ManualTimeProvider(new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero));
        Store = await OpenStoreAsync();
    }

    [TearDown]
    public Task CloseAsync() => CloseStoreAsync();

    [Test]
    public async Task What_was_added_is_found_by_its_own_tenant_alone()
    {
        await Store.AddOriginsAsync([Origin("resp_1"), Origin("resp_2") with { ChannelId = "ch_b", UpstreamModel = "é'\"" }], default);

        Assert.That(await Store.FindOriginAsync("ws_a", "resp_1", default), Is.EqualTo(Origin("resp_1")));
        Assert.That(await Store.FindOriginAsync("ws_a", "resp_2", default), Is.EqualTo(Origin("resp_2") with { ChannelId = "ch_b", UpstreamModel = "é'\"" }));
        Assert.That(await Store.FindOriginAsync("ws_b", "resp_1", default), Is.Null);
        Assert.That(await Store.FindOriginAsync("ws_a", "resp_3", default), Is.Null);
    }

    [Test]
    public async Task An_origin_that_is_known_stays_and_the_others_of_its_batch_are_added()
    {
        await Store.AddOriginsAsync([Origin("resp_1")], default);

        await Store.AddOriginsAsync([Origin("resp_0"), Origin("resp_1") with { ChannelId = "ch_b" }, Origin("resp_2"), Origin("resp_2")], default);

        Assert.That((await Store.FindOriginAsync("ws_a", "resp_1", default))!.ChannelId, Is.EqualTo("ch_a"));
        Assert.That(await ScalarAsync("select count(*) from response_origin"), Is.EqualTo(3));
    }

    [Test]
    public async Task Two_tenants_may_have_the_same_id()
    {
        await Store.AddOriginsAsync([Origin("resp_1"), Origin("resp_1") with { Workspace = "ws_b", ChannelId = "ch_b" }], default);

        Assert.That(await Store.DeleteOriginAsync("ws_a", "resp_1", default));

        Assert.That(await Store.FindOriginAsync("ws_a", "resp_1", default), Is.Null);
        Assert.That((await Store.FindOriginAsync("ws_b", "resp_1", default))!.ChannelId, Is.EqualTo("ch_b"));
        Assert.That(await Store.DeleteOriginAsync("ws_a", "resp_1", default), Is.False);
    }

    [Test]
    public async Task An_origin_is_known_for_30_days_and_then_removed()
    {
        await Store.AddOriginsAsync([Origin("resp_1")], default);
        Time.Advance(ResponseOrigin.Kept - TimeSpan.FromMilliseconds(1));
        Assert.That(await Store.FindOriginAsync("ws_a", "resp_1", default), Is.Not.Null);
        Assert.That(await Store.ExpireOriginsAsync(default), Is.EqualTo(0));

        Time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.That(await Store.FindOriginAsync("ws_a", "resp_1", default), Is.Null);
        Assert.That(await Store.ExpireOriginsAsync(default), Is.EqualTo(1));
        Assert.That(await ScalarAsync("select count(*) from response_origin"), Is.EqualTo(0));
    }

    [Test]
    public async Task Old_origins_are_removed_in_portions_of_1000()
    {
        await Store.AddOriginsAsync([.. Enumerable.Range(0, 1_000).Select(static i => Origin($"resp_{i}"))], default);
        await Store.AddOriginsAsync([Origin("resp_last")], default);
        Time.Advance(ResponseOrigin.Kept);

        Assert.That(await Store.ExpireOriginsAsync(default), Is.EqualTo(1_000));
        Assert.That(await Store.ExpireOriginsAsync(default), Is.EqualTo(1));
    }

    [Test]
    public async Task Parallel_batches_with_the_same_ids_add_each_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(turn => Task.Run(() =>
            Store.AddOriginsAsync([.. Enumerable.Range(0, 50).Select(i => Origin($"resp_{(i * 7 + turn) % 50}"))], default))));

        Assert.That(await ScalarAsync("select count(*) from response_origin"), Is.EqualTo(50));
    }

    private protected static ResponseOrigin Origin(string id) => new()
    {
        Workspace = "ws_a",
        ResponseId = id,
        ChannelId = "ch_a",
        UpstreamModel = "gpt-5",
        CreatedAt = new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero),
    };
}

internal sealed class SqliteResponseOriginTests : ResponseOriginContract
{
    private SqliteFile file = null!; // Set before each test.

    private protected override async Task<IResponseOrigins> OpenStoreAsync() => (file = await SqliteFile.OpenAsync(Time)).Book;

    private protected override async Task CloseStoreAsync() => await file.DisposeAsync();

    private protected override Task<long> ScalarAsync(string sql) => file.ScalarAsync(sql);
}

internal sealed class PostgresResponseOriginTests : ResponseOriginContract
{
    private PostgresDatabase database = null!; // Set before each test.

    private protected override async Task<IResponseOrigins> OpenStoreAsync() => (database = await PostgresDatabase.OpenAsync(time: Time)).Book;

    // No database: the test was skipped before there was one.
    private protected override async Task CloseStoreAsync()
    {
        if (database is not null)
            await database.DisposeAsync();
    }

    private protected override Task<long> ScalarAsync(string sql) => database.ScalarAsync(sql);

    [Test]
    public async Task What_one_gateway_adds_another_finds()
    {
        await using var other = database.NewBook();
        await other.OpenAsync(default);

        await Store.AddOriginsAsync([Origin("resp_1")], default);

        Assert.That(await other.FindOriginAsync("ws_a", "resp_1", default), Is.EqualTo(Origin("resp_1")));
    }
}
