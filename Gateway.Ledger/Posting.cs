namespace Gateway.Ledger;

/// <summary>What a posting is.</summary>
public enum PostingReason
{
    /// <summary>Bought or given, into the account's bucket of a kind.</summary>
    TopUp,

    /// <summary>Bought or given, as a bucket of its own.</summary>
    Pack,

    /// <summary>A correction of one bucket by hand, up or down.</summary>
    Adjustment,
}

/// <summary>Puts credits into a bucket from outside, or corrects one.</summary>
public sealed record Posting
{
    private readonly PostingReason? reason;

    /// <summary>What it is; left out, it follows from <see cref="Kind"/>: a pack or a top-up.</summary>
    public PostingReason Reason
    {
        get => reason ?? (Kind == BucketKind.Pack ? PostingReason.Pack : PostingReason.TopUp);
        init => reason = value;
    }

    /// <summary>The bucket's id, for an adjustment; kind and currency are then those of the bucket.</summary>
    public string? Bucket { get; init; }

    /// <summary>The account, <c>acc_…</c>.</summary>
    public required string Account { get; init; }

    /// <summary>The tenant.</summary>
    public required string Workspace { get; init; }

    /// <summary>A pack makes a new bucket; credit and wallet top up the account's one bucket of that kind and currency.</summary>
    public required BucketKind Kind { get; init; }

    /// <summary>The provider, for a pack.</summary>
    public string? Provider { get; init; }

    /// <summary>The model, for a pack.</summary>
    public string? Model { get; init; }

    /// <summary>The currency.</summary>
    public required string Currency { get; init; }

    /// <summary>How much; more than zero (of an adjustment: not zero), and the bucket stays from zero to <see cref="Credits.MaxPerBucket"/>.</summary>
    public required Credits Amount { get; init; }

    /// <summary>When a pack stops paying.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>A word for people.</summary>
    public string? Note { get; init; }

    /// <summary>Who did it, for the audit record.</summary>
    public required string Actor { get; init; }

    /// <summary>The caller's <c>Idempotency-Key</c>; <c>null</c>: each call posts.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>SHA-256 (hex) of what was asked: the same key with another fingerprint is refused.</summary>
    public string? Fingerprint { get; init; }
}

/// <summary>The answer to a <see cref="Posting"/>: a closed family.</summary>
public abstract record PostingResult
{
    private PostingResult()
    {
    }

    /// <summary>Posted, or posted before under the same idempotency key.</summary>
    public sealed record Posted(string PostingId, BucketBalance Bucket, DateTimeOffset At, bool Replayed) : PostingResult;

    /// <summary>The idempotency key was used for something else.</summary>
    public sealed record KeyReused : PostingResult;

    /// <summary>The bucket would go beyond <see cref="Credits.MaxPerBucket"/>.</summary>
    public sealed record OverLimit(Credits Balance) : PostingResult;

    /// <summary>The bucket has less than the adjustment takes.</summary>
    public sealed record TooLow(Credits Balance) : PostingResult;

    /// <summary>The account has no such bucket to adjust.</summary>
    public sealed record NoBucket : PostingResult;
}

/// <summary>One line of the double-entry ledger.</summary>
public sealed record Entry
{
    /// <summary>Counts up over the whole book.</summary>
    public required long Id { get; init; }

    /// <summary>The account.</summary>
    public required string Account { get; init; }

    /// <summary>The bucket, or a house account of this account: <c>revenue</c>, <c>shortfall</c>, <c>expired</c>, <c>external</c>, <c>adjustment</c>.</summary>
    public required string Bucket { get; init; }

    /// <summary>The currency.</summary>
    public required string Currency { get; init; }

    /// <summary>Counts the entries of the bucket without a gap.</summary>
    public required long Version { get; init; }

    /// <summary>What the entry belongs to: a receipt's id (a charge, its void, its refund after a crash), or a posting's.</summary>
    public required string Reference { get; init; }

    /// <summary><c>charge</c>, <c>void</c>, <c>refund</c>, <c>top_up</c>, <c>pack</c>, <c>adjustment</c> or <c>expiry</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>What was added (negative: taken).</summary>
    public required Credits Amount { get; init; }

    /// <summary>The bucket's balance before.</summary>
    public required Credits PreviousBalance { get; init; }

    /// <summary>The bucket's balance after.</summary>
    public required Credits NewBalance { get; init; }

    /// <summary>When it happened.</summary>
    public required DateTimeOffset OccurredAt { get; init; }
}

/// <summary>A page of a list, and where the next one begins.</summary>
public sealed record Page<T>(IReadOnlyList<T> Data, string? NextCursor);
