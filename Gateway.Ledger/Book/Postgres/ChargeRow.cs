namespace Gateway.Ledger.Book.Postgres;

/// <summary>The columns of <c>receipt</c> that a void or a refund needs. Amounts in nano-credits.</summary>
internal sealed record ChargeRow
{
    public required string Account { get; init; }

    public required string Workspace { get; init; }

    public required string KeyId { get; init; }

    public string? MemberId { get; init; }

    public required DateTime OccurredAt { get; init; }

    public required long Cost { get; init; }

    public required long Shortfall { get; init; }

    public required string Currency { get; init; }

    public required string PaidBy { get; init; }

    public required long Refunded { get; init; }

    public RecordedCharge ToCharge() => new(
        Account, Workspace, KeyId, MemberId, Instants.ToTime(OccurredAt), new Credits(Cost), new Credits(Shortfall), Currency, ReceiptDocument.ReadPaidBy(PaidBy),
        new Credits(Refunded));
}
