namespace Gateway.Ledger.Book.Sqlite;

/// <summary>A row of <c>posting</c>: a top-up, a pack, an adjustment, a refund or an expiry. The amount in nano-credits, the time in microseconds.</summary>
internal sealed record PostingRow
{
    public required string Id { get; init; }

    public required string Account { get; init; }

    public required string Kind { get; init; }

    public required string Bucket { get; init; }

    public required long Amount { get; init; }

    public string? Note { get; init; }

    public required string Actor { get; init; }

    public string? IdempotencyKey { get; init; }

    public string? Fingerprint { get; init; }

    /// <summary>The receipt of a refund.</summary>
    public byte[]? Receipt { get; init; }

    /// <summary>Why it was refunded.</summary>
    public string? Reason { get; init; }

    public required long At { get; init; }
}
