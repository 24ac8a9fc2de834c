namespace Gateway.Ledger.Front.Rows;

/// <summary>The rows that one operation reads and may change, in the order in which it writes them.</summary>
/// <param name="Account">The account.</param>
/// <param name="Key">The key; <c>null</c>: none is needed.</param>
/// <param name="Member">The member; <c>null</c>: none is needed, or the hold's.</param>
/// <param name="Receipt">The hold; <c>null</c>: none is needed.</param>
/// <param name="Partial">Whether the operation goes on without the key or the member where that is not loaded.</param>
/// <param name="Request">What was asked, where the caller knows it; else it is read with the hold.</param>
internal sealed record RowNames(
    string Account, string? Key = null, string? Member = null, ReceiptId? Receipt = null, bool Partial = false, HoldRequest? Request = null)
{
    public static RowNames Of(HoldRequest request) => new(request.Account, request.Key.KeyId, request.Member?.MemberId, request.ReceiptId, Request: request);

    /// <summary>Whether all that is needed was found.</summary>
    public bool Complete(bool key, bool member) => Partial || ((Key is null || key) && (Member is null || member));
}
