using Gateway.Tests.EndToEnd;
using Gateway.Tests.Servers;

namespace Gateway.Tests.Chaos;

/// <summary>What the gateways of a run of rounds store in. Servers live over all rounds; each round gets its own database.</summary>
internal class ChaosStores : IAsyncDisposable
{
    private string book = "";

    /// <param name="slowDisk">Where <c>fsync</c> can be slowed.</param>
    public ChaosStores(SlowDisk? slowDisk) => SlowDisk = slowDisk;

    public SlowDisk? SlowDisk { get; }

    /// <summary>How many gateways may share the stores: a SQLite file and an in-process front are one's own.</summary>
    public virtual int Gateways => 1;

    /// <summary>What can happen to the servers themselves.</summary>
    public virtual IReadOnlyList<Fault> ProcessFaults => [];

    /// <summary>Forgets the last round.</summary>
    public virtual Task ClearAsync(string roundFolder)
    {
        book = Path.Combine(roundFolder, "gateway.db");
        return Task.CompletedTask;
    }

    /// <summary>Adds one gateway's settings, and the links that stand in front of the servers.</summary>
    public virtual void Connect(IDictionary<string, string> settings, IDictionary<string, FaultyLink> links) => settings["ConnectionStrings__Ledger"] = book;

    /// <summary>What a command needs to read the book, without any link between.</summary>
    public virtual IReadOnlyList<(string Name, string Value)> Settings => [("ConnectionStrings__Ledger", book)];

    /// <summary>The book, read without the gateway's code while no gateway runs.</summary>
    public virtual Task<StoredBook> ReadBookAsync() => StoredBook.ReadAsync(book);

    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
