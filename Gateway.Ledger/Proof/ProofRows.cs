using Gateway.Ledger.Book;

namespace Gateway.Ledger.Proof;

/// <summary>How much a book holds.</summary>
internal sealed record BookTotals
{
    public required long Blocks { get; init; }

    public required long Receipts { get; init; }

    public required long Entries { get; init; }

    public required long Buckets { get; init; }

    public required long Postings { get; init; }

    public required long Roots { get; init; }
}

/// <summary>A block as the book has it. Time in Unix microseconds.</summary>
internal sealed record BlockRow
{
    public required long Id { get; init; }

    public required string Chain { get; init; }

    public required long Number { get; init; }

    public required byte[] Previous { get; init; }

    public required byte[] Hash { get; init; }

    public byte[]? Signature { get; init; }

    public string? KeyId { get; init; }

    public required long Rows { get; init; }

    public required long At { get; init; }

    public BlockHeader Header => new(Id, Chain, Number, At);
}

/// <summary>A receipt as the book has it.</summary>
internal sealed record ReceiptRow
{
    /// <summary>The UUID's sixteen bytes, big-endian.</summary>
    public required byte[] Id { get; init; }

    public required string Account { get; init; }

    public required string Workspace { get; init; }

    public required string KeyId { get; init; }

    public string? RunId { get; init; }

    public required long OccurredAt { get; init; }

    public required long SettledAt { get; init; }

    public required string Outcome { get; init; }

    public required long Cost { get; init; }

    public required long Shortfall { get; init; }

    public required string Currency { get; init; }

    public required string PaidBy { get; init; }

    public required byte[] Body { get; init; }

    public required long Block { get; init; }

    /// <summary>The default for a row that was given another kind of id: its block's hash then differs.</summary>
    public ReceiptId ReceiptId => Id.Length == 16 ? new ReceiptId(new Guid(Id, bigEndian: true)) : default;

    /// <exception cref="System.Text.Json.JsonException">What paid is not readable.</exception>
    public ReceiptLine ToLine() => new(
        ReceiptId, Account, Workspace, KeyId, RunId, OccurredAt, SettledAt, Outcome, Cost, Shortfall, Currency, ReceiptDocument.ReadPaidBy(PaidBy), Body);
}

/// <summary>An entry as the book has it.</summary>
internal sealed record EntryRow
{
    public required string Account { get; init; }

    public required string Bucket { get; init; }

    public required string Currency { get; init; }

    public required long Version { get; init; }

    public required string Reference { get; init; }

    public required string Kind { get; init; }

    public required long Amount { get; init; }

    public required long Previous { get; init; }

    public required long New { get; init; }

    public required long OccurredAt { get; init; }

    public required long Block { get; init; }

    public EntryLine ToLine() => new(Account, Bucket, Currency, Version, Reference, Kind, Amount, Previous, New, OccurredAt);
}

/// <summary>The end of a chain.</summary>
internal sealed record ChainTail
{
    public required string Chain { get; init; }

    public required long Number { get; init; }

    public required byte[] Hash { get; init; }

    public required long At { get; init; }
}

/// <summary>A daily root as the book has it.</summary>
internal sealed record RootRow
{
    public required string Day { get; init; }

    public required string Chains { get; init; }

    public required byte[] Previous { get; init; }

    public required byte[] Root { get; init; }

    public byte[]? Signature { get; init; }

    public string? KeyId { get; init; }

    public required long At { get; init; }
}
