using Gateway.Ledger.Front;
using Gateway.Ledger.Front.Rows;
using Gateway.Tests.Servers;
using NUnit.Framework;

namespace Gateway.Tests.Front;

[TestFixture]
public sealed class RowFrontTests : SharedFrontContract
{
    private RowTables tables = null!;

    private protected override int Histories => 5;

    [OneTimeSetUp]
    public async Task MigrateAsync() => tables = await RowTables.CreateAsync(await PostgresServer.SharedAsync());

    [OneTimeTearDown]
    public async Task DropAsync() => await tables.DisposeAsync();

    private protected override async ValueTask WipeAsync() => await tables.ClearAsync();

    private protected override ValueTask<ISharedFront> CreateAsync(string gateway) =>
        ValueTask.FromResult<ISharedFront>(new RowFront(tables.Source, Book, gateway, Lease, Time));
}
