using Gateway.Ledger.Book;
using Gateway.Ledger.Front;

namespace Gateway.Ledger;

/// <summary>Ends a hold: releases it and charges what was used.</summary>
/// <param name="Outcome">How the call ended. <see cref="Outcome.Failed"/>, <see cref="Outcome.Empty"/>, <see cref="Outcome.Rejected"/> and <see cref="Outcome.Cached"/> cost nothing.</param>
/// <param name="Usage">What was used.</param>
/// <param name="CountedBy">Who counted it.</param>
/// <remarks>
/// <see cref="Outcome.Complete"/> may go beyond the hold as far as the paying buckets have it, and becomes <see cref="Outcome.Overrun"/>;
/// a partial outcome never does.
/// </remarks>
public readonly record struct Settlement(Outcome Outcome, Usage Usage, CountedBy CountedBy);

/// <summary>What a settlement did.</summary>
/// <param name="Outcome">How the call ended, <see cref="Outcome.Overrun"/> included.</param>
/// <param name="Cost">What was charged to the account.</param>
/// <param name="Shortfall">What the house paid because the buckets did not have it.</param>
/// <param name="PaidBy">The buckets that paid, with their balance afterwards.</param>
/// <param name="Balance">What is left in the buckets that may pay for such a call (posted).</param>
public sealed record Settled(Outcome Outcome, Credits Cost, Credits Shortfall, IReadOnlyList<BucketShare> PaidBy, Credits Balance);

/// <summary>One settled call on its way to the book: all that a receipt and its entries need.</summary>
/// <param name="ReceiptId">The id; the book ignores one that it has.</param>
/// <param name="Account">The account.</param>
/// <param name="Workspace">The tenant.</param>
/// <param name="KeyId">The key whose budget it counts against.</param>
/// <param name="RunId">The run.</param>
/// <param name="OccurredAt">When the call was admitted.</param>
/// <param name="SettledAt">When it was settled.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Cost">What was charged.</param>
/// <param name="Shortfall">What the house paid.</param>
/// <param name="PaidBy">The split of the cost.</param>
/// <param name="Receipt">The receipt document (UTF-8 JSON object) without what is only known later: <c>delivery</c>, <c>settledAt</c>, <c>paidBy</c>, <c>block</c>, <c>signature</c>.</param>
internal sealed record SettledCall(
    ReceiptId ReceiptId,
    string Account,
    string Workspace,
    string KeyId,
    string? RunId,
    DateTimeOffset OccurredAt,
    DateTimeOffset SettledAt,
    Outcome Outcome,
    Credits Cost,
    Credits Shortfall,
    IReadOnlyList<BucketShare> PaidBy,
    ReadOnlyMemory<byte> Receipt)
{
    /// <summary>Whether the end of the answer is known to have left; decided after the settlement, before recording.</summary>
    public Delivery Delivery { get; set; } = Delivery.Unconfirmed;

    /// <summary>The member whose allowance it counts against; <c>null</c>: nobody's key.</summary>
    public string? MemberId { get; init; }

    /// <summary>The same call with what a front has really charged: less than planned where the buckets had less.</summary>
    public SettledCall ChargedBy(in FrontSettlement charged)
    {
        if (charged.Charged == Cost)
            return this with { PaidBy = charged.PaidBy };

        var shortfall = Shortfall + (Cost - charged.Charged);
        return this with
        {
            Cost = charged.Charged,
            Shortfall = shortfall,
            PaidBy = charged.PaidBy,
            Receipt = ReceiptDocument.WithCost(Receipt.Span, charged.Charged, shortfall),
        };
    }
}
