using Gateway.Ledger.Proof;

namespace Gateway.Ledger;

/// <summary>What a settlement must survive before the client sees the end of its answer.</summary>
public enum Durability
{
    /// <summary>A power cut: <c>fdatasync</c>, in groups.</summary>
    Power,

    /// <summary>The death of the process: <c>write</c>.</summary>
    Process,
}

/// <summary>Where the ledger keeps its files, and its bounds.</summary>
public sealed record LedgerOptions
{
    /// <summary>The SQLite file; of no effect with <see cref="BookConnection"/>.</summary>
    public required string BookFile { get; init; }

    /// <summary>The connection string of a PostgreSQL book, which several gateways may share; <c>null</c>: SQLite.</summary>
    public string? BookConnection { get; init; }

    /// <summary>The connection string of Redis, with PostgreSQL only; <c>null</c>: the book keeps the front.</summary>
    public string? RedisConnection { get; init; }

    /// <summary>The spool's folder; locked by one gateway.</summary>
    public required string SpoolFolder { get; init; }

    /// <summary>What a settlement must survive.</summary>
    public Durability Durability { get; init; } = Durability.Power;

    /// <summary>How long a hold lives without a renewal. 3 s to 1 h; default 60 s.</summary>
    public TimeSpan HoldLease { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Settlements waiting for the book before new calls are refused. Default 500,000.</summary>
    public int MaxUnrecorded { get; init; } = 500_000;

    /// <summary>Sign receipts, blocks and daily roots; <c>null</c>: nothing is signed. They stay the caller's to dispose of.</summary>
    public ReceiptKeys? Keys { get; init; }

    /// <summary>Whether new calls are refused while Redis is away (else the book admits them).</summary>
    public bool RejectWhenFrontDown { get; init; }

    /// <summary>Whether new calls are refused while the book is away (else they go on from the front).</summary>
    public bool RejectWhenBookDown { get; init; }
}
