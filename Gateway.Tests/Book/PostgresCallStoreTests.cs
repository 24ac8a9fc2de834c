using Gateway.Ledger.Book;
using NUnit.Framework;

namespace Gateway.Tests.Book;

internal sealed class PostgresCallStoreTests : CallStoreContract
{
    private PostgresDatabase database = null!; // Set before each test.

    private protected override async Task<ICallStore> OpenStoreAsync() => (database = await PostgresDatabase.OpenAsync(time: Time)).Book;

    // No database: the test was skipped before there was one.
    private protected override async Task CloseStoreAsync()
    {
        if (database is not null)
            await database.DisposeAsync();
    }

    [Test]
    public async Task Of_parallel_calls_at_two_gateways_one_begins()
    {
        await using var other = database.NewBook();
        await other.OpenAsync(default);
        var key = new CallKey("acc_1", "key_1", "shared", "print");

        var starts = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => (i % 2 == 0 ? Store : other).BeginAsync(key, TimeSpan.FromMinutes(2), default)));

        Assert.That(starts.Count(static start => start is CallStart.Begun), Is.EqualTo(1));
        Assert.That(starts.Count(static start => start is CallStart.InProgress), Is.EqualTo(39));
    }
}
