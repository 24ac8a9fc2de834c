namespace Gateway.Ledger.Front.InProcess;

/// <summary>The part for fronts that keep the state elsewhere between two operations, and for calls that a front before this one has admitted.</summary>
internal sealed partial class AccountState
{
    /// <summary>All of its buckets: what the constructor takes.</summary>
    public BucketBalance[] StoredBuckets() => [.. buckets.Select(static bucket => bucket.ToStored())];

    /// <summary>The buckets of the split, in its order.</summary>
    /// <exception cref="InvalidDataException">The account does not have one of them: a bucket never leaves.</exception>
    public BucketState[] FindBuckets(IReadOnlyList<BucketShare> split) =>
        [.. split.Select(share => Find(share.Bucket) ?? throw new InvalidDataException($"The account has no bucket {share.Bucket}, which a hold is set aside in."))];

    /// <summary>Puts back a hold in flight.</summary>
    public void AddLive(LiveHold call) => live.Add(call.Hold.ReceiptId, call);

    /// <summary>Puts back how a hold ended.</summary>
    public void AddOver(ReceiptId id, in FrontSettlement settlement, long now) => tombstones.Add(id, settlement, now);

    public LiveHold? FindLive(ReceiptId id) => live.GetValueOrDefault(id);

    public FrontSettlement? FindOver(ReceiptId id) => tombstones.TryGet(id, out var settlement) ? settlement : null;

    /// <summary>Sets aside again what a hold had in a front that is gone, without asking limits; a bucket that has less is held as far as it goes.</summary>
    public void Restore(Hold hold, Credits checkpoint, KeyState key, Spending? member, long leaseEnds)
    {
        if (live.ContainsKey(hold.ReceiptId) || tombstones.TryGet(hold.ReceiptId, out _))
            return;

        long amount = 0;
        var split = new List<BucketShare>(hold.Split.Count);
        foreach (var share in hold.Split)
        {
            if (Find(share.Bucket) is not { } bucket || Math.Min(bucket.Available, share.Amount.Nano) is not (> 0 and var part))
                continue;
            bucket.Held += part;
            amount += part;
            split.Add(share with { Amount = new Credits(part) });
        }

        // The tokens were charged to a clock that is gone, so the settlement charges what was used.
        var admitted = BudgetPeriods.DayOf(hold.HeldAt);
        var restored = new Hold(hold.Request, new Credits(amount), [.. split], hold.Rates, hold.HeldAt);
        key.Open++;
        key.Spending.Rehold(admitted, 0, amount);
        member?.Rehold(admitted, 0, amount);
        live.Add(hold.ReceiptId, new LiveHold(key, member, admitted, 0, leaseEnds) { Hold = restored, Buckets = FindBuckets(split) });
        Renew(hold.ReceiptId, checkpoint, leaseEnds);
        AssertBalanced();
    }

    /// <summary>Charges a call that has no hold: the buckets that were to pay it, in their order, as far as they have it; the rest is shortfall. Once.</summary>
    public FrontSettlement ChargeLate(SettledCall call, KeyState key, Spending? member, long now)
    {
        if (tombstones.TryGet(call.ReceiptId, out var first))
            return first;

        var left = call.Cost.Nano + call.Shortfall.Nano;
        var paid = new List<BucketShare>(call.PaidBy.Count);
        long posted = 0;
        foreach (var share in call.PaidBy)
        {
            if (Find(share.Bucket) is not { } bucket)
                continue;
            var part = Math.Min(bucket.Available, left);
            bucket.Spent += part;
            left -= part;
            posted += bucket.Posted;
            if (part > 0)
                paid.Add(Share(bucket, part));
        }

        var charged = new Credits(call.Cost.Nano + call.Shortfall.Nano - left);
        var admitted = BudgetPeriods.DayOf(call.OccurredAt);
        key.Spending.Settle(admitted, 0, charged.Nano);
        member?.Settle(admitted, 0, charged.Nano);
        AssertBalanced();
        var settlement = new FrontSettlement(charged, new Credits(left), [.. paid], new Credits(posted));
        tombstones.Add(call.ReceiptId, settlement, now);
        return settlement;
    }
}
