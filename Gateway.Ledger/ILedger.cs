namespace Gateway.Ledger;

/// <summary>Holds before a call, settles after it, and explains both. What it promises is in <c>README.md</c>, "Promises".</summary>
public interface ILedger
{
    /// <summary>One step: rates, concurrency, budget, buckets, hold; then the intent goes to the spool. All or nothing.</summary>
    ValueTask<HoldResult> HoldAsync(HoldRequest request, CancellationToken cancellationToken);

    /// <summary>Replaces a hold by one for another price, route or model, in one step: the right of the same call to another attempt. Refused, the old one stands.</summary>
    ValueTask<HoldResult> ReholdAsync(Hold hold, HoldRequest request, CancellationToken cancellationToken);

    /// <summary>Renews the lease of a long call and notes what has been delivered so far: what a crash would charge; <c>false</c>: the hold is over.</summary>
    /// <exception cref="IOException">No front answers.</exception>
    ValueTask<bool> RenewAsync(Hold hold, Usage delivered, CancellationToken cancellationToken);

    /// <summary>Makes the settlement durable in the spool, then releases the hold and charges. A second call for the same hold returns the first result.</summary>
    /// <exception cref="IOException">Neither the spool nor the book took it within 5 s: the answer must not be completed. The hold is void.</exception>
    ValueTask<Settled> SettleAsync(Hold hold, Settlement settlement, CancellationToken cancellationToken);

    /// <summary>Says that the last bytes are about to leave: written before they do, so that a crash after them does not refund.</summary>
    void Delivering(Hold hold);

    /// <summary>The call is over: its settlement goes to the book.</summary>
    void Finish(Hold hold, Delivery delivery);

    /// <summary>The account's buckets as the front has them; an unknown account has none.</summary>
    ValueTask<AccountBalance> BalanceAsync(string account, CancellationToken cancellationToken);

    /// <summary>Where a key stands with its budget; <c>null</c>: it has none.</summary>
    ValueTask<BudgetState?> BudgetAsync(string account, KeyLimits key, CancellationToken cancellationToken);

    /// <summary>Where a member stands with the allowance; <c>null</c>: it has none.</summary>
    ValueTask<AllowanceState?> AllowanceAsync(string account, MemberLimits member, CancellationToken cancellationToken);

    /// <summary>Posts to the book, then tells the front the new total: when this returns, calls may use it.</summary>
    ValueTask<PostingResult> PostAsync(Posting posting, CancellationToken cancellationToken);

    /// <summary>Refunds in the book, then tells the front the new totals: when this returns, calls may use what was given back.</summary>
    ValueTask<RefundResult> RefundAsync(Refund refund, CancellationToken cancellationToken);

    /// <summary>A receipt as a JSON document, from memory while it is not in the book yet; <c>null</c>: none with this id in this workspace.</summary>
    /// <param name="id">The receipt.</param>
    /// <param name="workspace">The tenant; <c>null</c>: any (the operator).</param>
    /// <param name="keyId">Only if this key made the call; <c>null</c>: any.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    ValueTask<ReadOnlyMemory<byte>?> FindReceiptAsync(ReceiptId id, string? workspace, string? keyId, CancellationToken cancellationToken);

    /// <summary>Entries, newest first.</summary>
    ValueTask<Page<Entry>> ListEntriesAsync(string account, int limit, string? cursor, CancellationToken cancellationToken);

    /// <summary>How the ledger is: what readiness and admission look at.</summary>
    LedgerHealth Health { get; }
}

/// <summary>The state of the ledger's parts.</summary>
/// <param name="SpoolOk">The spool takes records.</param>
/// <param name="BookOk">The last batch was recorded.</param>
/// <param name="Unrecorded">Settlements that wait for the book.</param>
/// <param name="FrontOk">A front is open.</param>
/// <param name="ClockSkew">How far the book's clock is ahead of this machine's.</param>
public readonly record struct LedgerHealth(bool SpoolOk, bool BookOk, long Unrecorded, bool FrontOk = true, TimeSpan ClockSkew = default)
{
    private static readonly TimeSpan MaxClockSkew = TimeSpan.FromSeconds(60);

    /// <summary>Whether this machine's clock differs from the book's by more than a minute.</summary>
    public bool ClockIsWrong => ClockSkew.Duration() > MaxClockSkew;
}
