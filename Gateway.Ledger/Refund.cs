namespace Gateway.Ledger;

/// <summary>Why a charge is given back.</summary>
public enum RefundReason
{
    /// <summary>The gateway died before the answer began to leave: all that is left, once a receipt.</summary>
    Undelivered,

    /// <summary>The operator's decision: in parts if wanted, never more than was charged.</summary>
    Requested,
}

/// <summary>Gives a recorded charge back to the buckets that paid it, the last payer first.</summary>
public sealed record Refund
{
    /// <summary>The receipt of the call.</summary>
    public required ReceiptId ReceiptId { get; init; }

    /// <summary>How much; more than zero. <c>null</c>: all that is left of the charge.</summary>
    public Credits? Amount { get; init; }

    /// <summary>Only a receipt of this tenant; <c>null</c>: any.</summary>
    public string? Workspace { get; init; }

    /// <summary>Why.</summary>
    public required RefundReason Reason { get; init; }

    /// <summary>Who did it, for the audit record.</summary>
    public required string Actor { get; init; }

    /// <summary>A word for people.</summary>
    public string? Note { get; init; }

    /// <summary>The caller's <c>Idempotency-Key</c>; <c>null</c>: each call refunds.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>SHA-256 (hex) of what was asked: the same key with another fingerprint is refused.</summary>
    public string? Fingerprint { get; init; }
}

/// <summary>The answer to a <see cref="Refund"/>: a closed family.</summary>
public abstract record RefundResult
{
    private RefundResult()
    {
    }

    /// <summary>Refunded, or refunded before under the same idempotency key.</summary>
    /// <param name="PostingId">The refund's own id.</param>
    /// <param name="Account">Whose charge it was.</param>
    /// <param name="KeyId">The key whose budget it counted against.</param>
    /// <param name="MemberId">The member whose allowance it counted against.</param>
    /// <param name="Admitted">The UTC day on which it counted.</param>
    /// <param name="Amount">How much was given back.</param>
    /// <param name="Buckets">The buckets that got it, with their new totals; of a replay, all that had paid.</param>
    /// <param name="At">When.</param>
    /// <param name="Replayed">Whether this refund had been made before.</param>
    public sealed record Refunded(
        string PostingId, string Account, string KeyId, string? MemberId, DateOnly Admitted, Credits Amount, IReadOnlyList<BucketBalance> Buckets,
        DateTimeOffset At, bool Replayed) : RefundResult;

    /// <summary>The book has no such receipt in this workspace.</summary>
    public sealed record NotFound : RefundResult;

    /// <summary>More than what is left of the charge.</summary>
    public sealed record TooMuch(Credits Left) : RefundResult;

    /// <summary>The call was free.</summary>
    public sealed record NothingCharged : RefundResult;

    /// <summary>A bucket would go beyond <see cref="Credits.MaxPerBucket"/>.</summary>
    public sealed record OverLimit(Credits Balance) : RefundResult;

    /// <summary>The idempotency key was used for something else.</summary>
    public sealed record KeyReused : RefundResult;
}
