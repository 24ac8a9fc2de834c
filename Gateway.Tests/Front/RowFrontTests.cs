using Gateway.Ledger.Front;
using Gateway.Ledger.Front.Rows;
using Gateway.Tests.Fakes;
using Gateway.Tests.Servers;
using NUnit.Framework;

namespace Gateway.Tests.Front;

[TestFixture]
public sealed class RowFrontTests : FrontContract
{
    private RowTables tables = null!;

    [OneTimeSetUp]
    public async Task Migrate() => tables = await RowTables.CreateAsync(await PostgresServer.SharedAsync());

    [OneTimeTearDown]
    public async Task Close() => await tables.DisposeAsync();

    private protected override IFront Create(MemoryBook book, TimeProvider time)
    {
        tables.Clear();
        var front = new RowFront(tables.Source, book, "gw_1", Lease, time);
        front.UseEpoch(1);
        return front;
    }
}
