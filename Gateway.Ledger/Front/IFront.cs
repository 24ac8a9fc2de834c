namespace Gateway.Ledger.Front;

/// <summary>Decides in one step whether a call may start, and remembers what is set aside. May vanish at any time: the spool and the book do not.</summary>
internal interface IFront
{
    /// <summary>Rates, concurrency, budget, buckets, hold: checks before writes, all or nothing.</summary>
    ValueTask<HoldResult> HoldAsync(HoldRequest request, CancellationToken cancellationToken);

    /// <summary>Replaces what a live hold sets aside by what <paramref name="request"/> needs (the same call and key by another route or model), in one step:
    /// if that is refused, the hold stays as it was. Rates and concurrency stay charged; expiry and periods are judged at the first admission.
    /// A hold that is over answers <see cref="UnavailableReason.Front"/>.</summary>
    /// <returns><see cref="HoldResult.Held"/> with a new <see cref="Hold"/> of the same receipt, or why not.</returns>
    ValueTask<HoldResult> ReholdAsync(Hold hold, HoldRequest request, CancellationToken cancellationToken);

    /// <summary>Renews a lease and keeps what has been delivered as the checkpoint; <c>false</c>: the hold is over (settled or reaped).</summary>
    ValueTask<bool> RenewAsync(Hold hold, Credits checkpoint, Usage delivered, CancellationToken cancellationToken);

    /// <summary>Releases and charges at most <paramref name="cost"/>; with <paramref name="mayOverrun"/> beyond the hold as far as the paying buckets have it.
    /// A hold that is over returns what was charged the first time.</summary>
    /// <param name="hold">The hold.</param>
    /// <param name="cost">What the call cost.</param>
    /// <param name="mayOverrun">Whether more than the hold may be charged.</param>
    /// <param name="tokens">Prompt plus completion tokens: corrects tokens a minute.</param>
    /// <param name="planned">What goes to the book if this gateway dies: kept by a front that outlives it; <c>null</c>: a void, nothing to record.</param>
    /// <param name="cancellationToken">Ends the wait, not the settlement.</param>
    ValueTask<FrontSettlement> SettleAsync(
        Hold hold, Credits cost, bool mayOverrun, long tokens, SettledCall? planned, CancellationToken cancellationToken);

    /// <summary>Gives back what a settled hold was charged (its answer could not be delivered); once. A hold that the front no longer knows is left to the book.</summary>
    ValueTask RefundAsync(Hold hold, CancellationToken cancellationToken);

    /// <summary>Ends the holds whose lease is over and returns them with their checkpoint charged.</summary>
    ValueTask<IReadOnlyList<(Hold Hold, FrontSettlement Settlement)>> ReapAsync(CancellationToken cancellationToken);

    /// <summary>Tells the new total of a bucket, never a difference: twice is harmless, older than known is ignored.</summary>
    ValueTask CreditAsync(string account, BucketBalance bucket, CancellationToken cancellationToken);

    /// <summary>Takes a recorded refund out of what the key and member have spent in the periods that hold the day.</summary>
    ValueTask ForgiveAsync(string account, string keyId, string? memberId, DateOnly admitted, Credits amount, CancellationToken cancellationToken);

    /// <summary>The account's buckets, held amounts included.</summary>
    ValueTask<AccountBalance> BalanceAsync(string account, CancellationToken cancellationToken);

    /// <summary>Where a key stands with its budget.</summary>
    ValueTask<BudgetState?> BudgetAsync(string account, KeyLimits key, CancellationToken cancellationToken);

    /// <summary>Where a member stands with the allowance; <c>null</c>: it has none.</summary>
    ValueTask<AllowanceState?> AllowanceAsync(string account, MemberLimits member, CancellationToken cancellationToken);
}

/// <summary>What the front did at a settlement.</summary>
/// <param name="Charged">What the buckets paid.</param>
/// <param name="Shortfall">What they did not have.</param>
/// <param name="PaidBy">The split of what was charged.</param>
/// <param name="Balance">Posted total of the buckets that may pay for such a call.</param>
internal readonly record struct FrontSettlement(Credits Charged, Credits Shortfall, IReadOnlyList<BucketShare> PaidBy, Credits Balance);
