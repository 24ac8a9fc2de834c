using System.Diagnostics;

namespace Gateway.Ledger.Front.InProcess;

/// <summary>One account in memory: buckets in burn order, keys, holds in flight. Every member is called under <see cref="Gate"/>.</summary>
internal sealed class AccountState(AccountBalance loaded)
{
    private readonly List<BucketState> buckets = Sorted(loaded.Buckets);
    private readonly Dictionary<string, KeyState> keys = new(StringComparer.Ordinal);
    private readonly Dictionary<ReceiptId, LiveHold> live = [];
    private readonly Tombstones tombstones = new();

    /// <summary>The account's one lock.</summary>
    public Lock Gate { get; } = new();

    public KeyState? FindKey(string keyId) => keys.GetValueOrDefault(keyId);

    public void AddKey(string keyId, KeyState key) => keys.TryAdd(keyId, key);

    /// <summary>All checks, then all writes.</summary>
    public HoldResult Hold(HoldRequest request, KeyState key, DateTimeOffset at, long now, long leaseTicks)
    {
        if (live.TryGetValue(request.ReceiptId, out var repeated))
            return new HoldResult.Held(repeated.Hold);
        if (tombstones.TryGet(request.ReceiptId, out _))
            throw new InvalidOperationException($"The call {request.ReceiptId} is over; its id cannot hold again.");

        key.Roll(BudgetPeriods.DayOf(at));
        var limits = request.Key;
        var rates = new KeyRates(limits, Math.Max(0, request.Tokens));
        if (rates.Refuses(key, now) is { } limited)
            return limited;
        if (limits.MaxConcurrency is { } most && key.Open >= most)
            return new HoldResult.ConcurrencyLimited(most);

        if (Cover(request, key, at, out var amount) is { } refused)
            return refused;

        // Nothing below this line can fail.
        var tokens = rates.Charge(key, now);
        var hold = new Hold(request, new Credits(amount), SetAside(request, at, amount, out var paying), rates.State(key, now), at);
        key.Open++;
        key.Hold(amount);
        live.Add(request.ReceiptId, new LiveHold(hold, key, paying, key.Day, tokens, now + leaseTicks));
        return new HoldResult.Held(hold);
    }

    public bool Renew(ReceiptId id, Credits checkpoint, long leaseEnds)
    {
        if (!live.TryGetValue(id, out var call))
            return false;

        call.Checkpoint = Math.Max(call.Checkpoint, Math.Min(checkpoint.Nano, call.Hold.Amount.Nano));
        call.LeaseEnds = Math.Max(call.LeaseEnds, leaseEnds);
        return true;
    }

    public FrontSettlement Settle(ReceiptId id, Credits cost, bool mayOverrun, long tokens, long now)
    {
        if (live.TryGetValue(id, out var call))
            return End(call, cost.Nano, mayOverrun, tokens, now);
        if (tombstones.TryGet(id, out var first))
            return first;

        throw new InvalidOperationException($"The front has no call {id}.");
    }

    /// <summary>Gives back what an ended call was charged; once.</summary>
    public void Refund(Hold hold)
    {
        if (!tombstones.TryGet(hold.ReceiptId, out var settlement))
            return;

        foreach (var share in settlement.PaidBy)
        {
            if (Find(share.Bucket) is { } bucket)
                bucket.Spent -= share.Amount.Nano;
        }

        FindKey(hold.Request.Key.KeyId)?.Settle(BudgetPeriods.DayOf(hold.HeldAt), 0, -settlement.Charged.Nano);
        tombstones.Replace(hold.ReceiptId, new FrontSettlement(Credits.Zero, Credits.Zero, [], Paying(hold)));
        AssertBalanced();
    }

    public void Reap(long now, List<(Hold Hold, FrontSettlement Settlement)> reaped)
    {
        tombstones.Prune(now);
        if (live.Count == 0)
            return;

        foreach (var call in live.Values.Where(call => call.LeaseEnds <= now).ToArray())
            reaped.Add((call.Hold, End(call, call.Checkpoint, mayOverrun: false, call.TokensCharged, now)));
    }

    public void Credit(BucketBalance news)
    {
        if (Find(news.Id) is { } bucket)
        {
            if (!bucket.Update(news))
                return;
        }
        else
        {
            buckets.Add(new BucketState(news));
        }

        buckets.Sort(BucketState.CompareBurnOrder);
        AssertBalanced();
    }

    public AccountBalance Balance(string account) => new(account, [.. buckets.Select(static bucket => bucket.ToBalance())]);

    private static List<BucketState> Sorted(IReadOnlyList<BucketBalance> loaded)
    {
        var sorted = loaded.Select(static bucket => new BucketState(bucket)).ToList();
        sorted.Sort(BucketState.CompareBurnOrder);
        return sorted;
    }

    private BucketState? Find(string id) => buckets.Find(bucket => string.Equals(bucket.Terms.Id, id, StringComparison.Ordinal));

    // How much to hold, or why nothing can be: the budget first, then the buckets.
    private HoldResult? Cover(HoldRequest request, KeyState key, DateTimeOffset at, out long amount)
    {
        amount = Math.Max(0, request.Amount.Nano);
        if (amount == 0)
            return null;

        // A call that costs something holds something, whatever minimum was asked for.
        var least = Math.Clamp(request.MinimumAmount.Nano, 1, amount);
        if (request.Key.Budget is { } budget)
        {
            var left = budget.Amount - key.Spent(budget.Period) - key.Held(budget.Period);
            if (left.Nano < least)
                return new HoldResult.OverBudget(budget, Credits.Max(left, Credits.Zero), BudgetPeriods.End(budget.Period, key.Day));
            amount = Math.Min(amount, left.Nano);
        }

        long available = 0;
        long posted = 0;
        foreach (var bucket in buckets)
        {
            if (!bucket.Pays(request, at))
                continue;
            available += bucket.Available;
            posted += bucket.Posted;
        }

        amount = Math.Min(amount, available);
        if (amount >= least)
            return null;
        return least <= posted
            ? new HoldResult.Reserved(new Credits(available), new Credits(posted))
            : new HoldResult.Insufficient(new Credits(available));
    }

    private BucketShare[] SetAside(HoldRequest request, DateTimeOffset at, long amount, out BucketState[] paying)
    {
        if (amount == 0)
        {
            paying = [];
            return [];
        }

        var shares = new List<BucketShare>(1);
        var states = new List<BucketState>(1);
        foreach (var bucket in buckets)
        {
            if (amount == 0)
                break;
            if (bucket.Available == 0 || !bucket.Pays(request, at))
                continue;

            var part = Math.Min(bucket.Available, amount);
            bucket.Held += part;
            amount -= part;
            shares.Add(new BucketShare(bucket.Terms.Id, bucket.Terms.Kind, new Credits(part), new Credits(bucket.Posted)));
            states.Add(bucket);
        }

        AssertBalanced();
        paying = [.. states];
        return [.. shares];
    }

    private FrontSettlement End(LiveHold call, long cost, bool mayOverrun, long tokens, long now)
    {
        var hold = call.Hold;
        cost = Math.Max(0, mayOverrun ? cost : Math.Min(cost, hold.Amount.Nano));
        var paid = new long[call.Buckets.Length];
        var left = cost;
        for (var i = 0; i < paid.Length; i++)
        {
            var held = hold.Split[i].Amount.Nano;

            // A correction by hand may have taken out what this call holds: the house pays that part, for a balance never goes below zero.
            paid[i] = Math.Min(Math.Min(held, left), call.Buckets[i].Has);
            left -= paid[i];
            call.Buckets[i].Held -= held;
            call.Buckets[i].Spent += paid[i];
        }

        var overrun = left > 0 && mayOverrun ? Overrun(hold, ref left) : null;
        call.Key.Open--;
        call.Key.Settle(call.Admitted, hold.Amount.Nano, cost - left);
        new KeyRates(hold.Request.Key, 0).Correct(call.Key, call.TokensCharged, tokens);
        live.Remove(hold.ReceiptId);
        AssertBalanced();

        var settlement = new FrontSettlement(new Credits(cost - left), new Credits(left), Shares(call, paid, overrun), Paying(hold));
        tombstones.Add(hold.ReceiptId, settlement, now);
        return settlement;
    }

    private List<(BucketState Bucket, long Amount)> Overrun(Hold hold, ref long left)
    {
        var taken = new List<(BucketState, long)>();
        foreach (var bucket in buckets)
        {
            if (left == 0)
                break;
            if (bucket.Available == 0 || !bucket.Pays(hold.Request, hold.HeldAt))
                continue;

            var part = Math.Min(bucket.Available, left);
            bucket.Spent += part;
            left -= part;
            taken.Add((bucket, part));
        }

        return taken;
    }

    // One share a bucket: what the overrun took from a bucket of the hold is added to its share.
    private static BucketShare[] Shares(LiveHold call, long[] paid, List<(BucketState Bucket, long Amount)>? overrun)
    {
        if (overrun is null && paid is [> 0])
            return [Share(call.Buckets[0], paid[0])];

        var shares = new List<BucketShare>(paid.Length + 1);
        for (var i = 0; i < paid.Length; i++)
        {
            var more = overrun?.FirstOrDefault(part => part.Bucket == call.Buckets[i]).Amount ?? 0;
            if (paid[i] + more > 0)
                shares.Add(Share(call.Buckets[i], paid[i] + more));
        }

        foreach (var (bucket, amount) in overrun ?? [])
        {
            if (Array.IndexOf(call.Buckets, bucket) < 0)
                shares.Add(Share(bucket, amount));
        }

        return [.. shares];
    }

    private static BucketShare Share(BucketState bucket, long amount) =>
        new(bucket.Terms.Id, bucket.Terms.Kind, new Credits(amount), new Credits(bucket.Posted));

    private Credits Paying(Hold hold)
    {
        long posted = 0;
        foreach (var bucket in buckets)
        {
            if (bucket.Pays(hold.Request, hold.HeldAt))
                posted += bucket.Posted;
        }

        return new Credits(posted);
    }

    [Conditional("DEBUG")]
    private void AssertBalanced()
    {
        foreach (var bucket in buckets)
            Debug.Assert(bucket.Held >= 0 && bucket.Held <= bucket.Posted, $"0 <= {bucket.Held} <= {bucket.Posted} in {bucket.Terms.Id}.");
    }
}
