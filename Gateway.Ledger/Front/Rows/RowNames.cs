namespace Gateway.Ledger.Front.Rows;

/// <summary>The rows that one operation reads and may change, in the order in which it locks them.</summary>
/// <param name="Account">The account.</param>
/// <param name="Key">The key; <c>null</c>: none is needed.</param>
/// <param name="Receipt">The hold; <c>null</c>: none is needed.</param>
/// <param name="Request">What was asked, where the caller knows it; else it is read with the hold.</param>
internal sealed record RowNames(string Account, string? Key = null, ReceiptId? Receipt = null, HoldRequest? Request = null)
{
    public static RowNames Of(HoldRequest request) => new(request.Account, request.Key.KeyId, request.ReceiptId, request);
}
