using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Ledger.Book;

/// <summary>A recorded receipt as its refunds see it.</summary>
internal sealed record RecordedCharge(
    string Account,
    string Workspace,
    string KeyId,
    string? MemberId,
    DateTimeOffset OccurredAt,
    Credits Cost,
    Credits Shortfall,
    string Currency,
    IReadOnlyList<BucketShare> PaidBy,
    Credits Refunded)
{
    /// <summary>What no refund has given back yet.</summary>
    public Credits Left => Cost - Refunded;

    /// <summary>The UTC day whose totals the charge is in.</summary>
    public DateOnly Admitted => DateOnly.FromDateTime(OccurredAt.UtcDateTime);

    /// <summary>Why it cannot be refunded so; <c>null</c>: it can, and <paramref name="amount"/> is how much.</summary>
    public RefundResult? Refuses(Refund refund, out Credits amount)
    {
        amount = refund.Reason == RefundReason.Undelivered ? Left : refund.Amount ?? Left;
        var isNothing = Cost == Credits.Zero && (refund.Reason == RefundReason.Requested || Shortfall == Credits.Zero);
        if (isNothing)
            return new RefundResult.NothingCharged();
        return amount > Left || (Left == Credits.Zero && Cost > Credits.Zero) ? new RefundResult.TooMuch(Left) : null;
    }

    /// <summary>Which bucket gets how much: the last payer first, after what earlier refunds gave back in the same order.</summary>
    public IReadOnlyList<(string Bucket, Credits Amount)> GiveBack(Credits amount)
    {
        var before = Refunded;
        var parts = new List<(string, Credits)>(PaidBy.Count);
        for (var i = PaidBy.Count - 1; i >= 0 && amount > Credits.Zero; i--)
        {
            var skipped = Credits.Min(before, PaidBy[i].Amount);
            var part = Credits.Min(amount, PaidBy[i].Amount - skipped);
            before -= skipped;
            amount -= part;
            if (part > Credits.Zero)
                parts.Add((PaidBy[i].Bucket, part));
        }

        return parts;
    }

    /// <summary>What the audit record says of a refund.</summary>
    public byte[] AuditOf(Refund refund, Credits amount, IReadOnlyList<(string Bucket, Credits Amount)> parts) => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["account"] = Account,
        ["receipt"] = refund.ReceiptId.ToString(),
        ["currency"] = Currency,
        ["amount"] = amount.ToDecimal(),
        ["reason"] = LedgerNames.Of(refund.Reason),
        ["buckets"] = new JsonArray([.. parts.Select(static part => new JsonObject { ["bucket"] = part.Bucket, ["amount"] = part.Amount.ToDecimal() })]),
        ["note"] = refund.Note,
    });
}
