using Gateway.Ledger.Book;
using NUnit.Framework;

namespace Gateway.Tests.Book;

internal sealed class PostgresResourceStoreTests : ResourceStoreContract
{
    private static readonly Resource Key = new("key", "key_a", "ws_default", "mac-a", "{}"u8.ToArray(), 0, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch);
    private static readonly Authorship Operator = new("operator");

    private PostgresDatabase database = null!; // Set before each test.

    private protected override async Task<IResourceStore> OpenStoreAsync() => (database = await PostgresDatabase.OpenAsync()).Book;

    // No database: the test was skipped before there was one.
    private protected override async Task CloseStoreAsync()
    {
        if (database is not null)
            await database.DisposeAsync();
    }

    private protected override Task<long> ScalarAsync(string sql) => database.ScalarAsync(sql);

    [Test]
    public async Task Another_gateway_sees_the_version_move_with_each_write_and_with_no_refused_one()
    {
        await using var other = database.NewBook();
        await other.OpenAsync(default);
        var before = await other.ResourceVersionAsync(default);

        await Store.CreateAsync(Key, Operator, default);
        var created = await other.ResourceVersionAsync(default);
        await Store.CreateAsync(Key, Operator, default);
        await Store.UpdateAsync(Key, 7, Operator, default);
        var refused = await other.ResourceVersionAsync(default);
        await Store.UpdateAsync(Key, 1, Operator, default);
        await Store.DeleteAsync("key", "key_a", 2, Operator, default);

        Assert.That((before, created, refused, await other.ResourceVersionAsync(default)), Is.EqualTo((0L, 1L, 1L, 3L)));
    }

    [Test]
    public async Task Parallel_writes_of_two_gateways_under_one_idempotency_key_write_once()
    {
        await using var other = database.NewBook();
        await other.OpenAsync(default);
        var once = Operator with { IdempotencyKey = "once", Fingerprint = "f" };

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
            (i % 2 == 0 ? Store : other).CreateAsync(Key with { Id = $"key_{i}", Lookup = null }, once, default)));

        var written = results.Cast<WriteResult.Written>().ToArray();
        Assert.That(written.Count(static result => !result.Replayed), Is.EqualTo(1));
        Assert.That(written.Select(static result => result.Resource.Id).Distinct().Count(), Is.EqualTo(1));
        Assert.That(await ScalarAsync("select count(*) from resource"), Is.EqualTo(1));
    }

    [Test]
    public async Task Parallel_updates_of_one_version_write_once()
    {
        await Store.CreateAsync(Key, Operator, default);

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Store.UpdateAsync(Key, 1, Operator, default)));

        Assert.That(results.OfType<WriteResult.Written>().Count(), Is.EqualTo(1));
        Assert.That(results.OfType<WriteResult.VersionMismatch>().Count(), Is.EqualTo(7));
    }
}
