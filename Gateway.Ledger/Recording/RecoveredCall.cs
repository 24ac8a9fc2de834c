using Gateway.Ledger.Book;
using Gateway.Ledger.Spool;

namespace Gateway.Ledger.Recording;

/// <summary>The settlement of a call whose gateway died: its last checkpoint.</summary>
internal static class RecoveredCall
{
    /// <summary>The call with its receipt.</summary>
    /// <param name="id">The call.</param>
    /// <param name="intent">What it was about to do.</param>
    /// <param name="delivered">The usage of its last checkpoint; <c>null</c>: it had none.</param>
    /// <param name="paidBy">What its checkpoint was charged to.</param>
    /// <param name="at">Now.</param>
    public static SettledCall Draft(ReceiptId id, IntentPayload intent, Usage? delivered, IReadOnlyList<BucketShare> paidBy, DateTimeOffset at)
    {
        var cost = Credits.Zero;
        foreach (var share in paidBy)
            cost += share.Amount;
        var countedBy = delivered is null ? CountedBy.None : CountedBy.Gateway;
        var receipt = ReceiptDocument.Draft(
            intent.Facts, id, intent.HeldAt, Outcome.Recovered, delivered ?? default, countedBy, intent.Price, cost, Credits.Zero, new Credits(intent.Amount));
        return new SettledCall(
            id, intent.Account, intent.Facts.Workspace, intent.KeyId, intent.Facts.RunId, intent.HeldAt, at,
            Outcome.Recovered, cost, Credits.Zero, paidBy, receipt)
        {
            MemberId = intent.Facts.MemberId,
        };
    }
}
