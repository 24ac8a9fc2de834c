using Gateway.Ledger.Book;
using Gateway.Ledger.Recording;
using Gateway.Ledger.Spool;

namespace Gateway.Ledger.Front.Rows;

/// <summary>What a settlement leaves for the book, with what the front really charged.</summary>
internal static class ChargedCall
{
    /// <summary>The planned call, corrected where the buckets paid more or less than planned.</summary>
    public static SettledCall Of(SettledCall planned, in FrontSettlement settlement)
    {
        if (settlement.Charged == planned.Cost && settlement.Shortfall == planned.Shortfall)
            return planned with { PaidBy = settlement.PaidBy };

        var outcome = settlement.Shortfall > Credits.Zero ? Outcome.Overrun : planned.Outcome is Outcome.Overrun ? Outcome.Complete : planned.Outcome;
        return planned with
        {
            Outcome = outcome,
            Cost = settlement.Charged,
            Shortfall = settlement.Shortfall,
            PaidBy = settlement.PaidBy,
            Receipt = ReceiptDocument.WithCharge(planned.Receipt.Span, settlement.Charged, settlement.Shortfall, outcome),
        };
    }

    /// <summary>A call whose lease ended: charged by its checkpoint.</summary>
    public static SettledCall? Recovered(AccountRows found, in FrontSettlement settlement)
    {
        if (found.Hold is not { Request: { } request } hold)
            return null;

        var intent = new IntentPayload(request.Account, request.Key.KeyId, hold.HeldAt, hold.Amount.Nano, [], request.Facts, request.Price);
        return RecoveredCall.Draft(request.ReceiptId, intent, hold.Delivered == default ? null : hold.Delivered, settlement.PaidBy, found.At);
    }
}
