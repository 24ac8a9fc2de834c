using System.Diagnostics;

namespace Gateway.Ledger.Front.InProcess;

/// <summary>One account in memory: buckets in burn order, keys, holds in flight. Every member is called under <see cref="Gate"/>.</summary>
internal sealed partial class AccountState(AccountBalance loaded)
{
    private readonly List<BucketState> buckets = Sorted(loaded.Buckets);
    private readonly Dictionary<string, KeyState> keys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Spending> members = new(StringComparer.Ordinal);
    private readonly Dictionary<ReceiptId, LiveHold> live = [];
    private readonly Tombstones tombstones = new();

    /// <summary>The account's one lock.</summary>
    public Lock Gate { get; } = new();

    public KeyState? FindKey(string keyId) => keys.GetValueOrDefault(keyId);

    public void AddKey(string keyId, KeyState key) => keys.TryAdd(keyId, key);

    public Spending? FindMember(string memberId) => members.GetValueOrDefault(memberId);

    public void AddMember(string memberId, Spending member) => members.TryAdd(memberId, member);

    /// <summary>All checks, then all writes.</summary>
    public HoldResult Hold(HoldRequest request, KeyState key, Spending? member, DateTimeOffset at, long now, long leaseTicks)
    {
        if (live.TryGetValue(request.ReceiptId, out var repeated))
            return new HoldResult.Held(repeated.Hold);
        if (tombstones.TryGet(request.ReceiptId, out _))
            throw new InvalidOperationException($"The call {request.ReceiptId} is over; its id cannot hold again.");

        key.Spending.Roll(BudgetPeriods.DayOf(at));
        member?.Roll(BudgetPeriods.DayOf(at));
        var limits = request.Key;
        var rates = new KeyRates(limits, Math.Max(0, request.Tokens));
        if (rates.Refuses(key, now) is { } limited)
            return limited;
        if (limits.MaxConcurrency is { } most && key.Open >= most)
            return new HoldResult.ConcurrencyLimited(most);

        if (Cover(request, new Caps(key.Spending, member, at, null), out var amount) is { } refused)
            return refused;

        // Nothing below this line can fail.
        var tokens = rates.Charge(key, now);
        var hold = new Hold(request, new Credits(amount), SetAside(request, at, amount, out var paying), rates.State(key, now), at);
        key.Open++;
        key.Spending.Hold(amount);
        member?.Hold(amount);
        live.Add(request.ReceiptId, new LiveHold(key, member, key.Spending.Day, tokens, now + leaseTicks) { Hold = hold, Buckets = paying });
        return new HoldResult.Held(hold);
    }

    /// <summary>Gives back what the hold sets aside and takes what the request needs; takes the old back if that is refused.</summary>
    public HoldResult Rehold(HoldRequest request, DateTimeOffset at)
    {
        if (!live.TryGetValue(request.ReceiptId, out var call))
            return new HoldResult.Unavailable(UnavailableReason.Front);

        call.Key.Spending.Roll(BudgetPeriods.DayOf(at));
        call.Member?.Roll(BudgetPeriods.DayOf(at));
        var old = call.Hold;
        Move(call, -1);
        if (Cover(request, new Caps(call.Key.Spending, call.Member, old.HeldAt, call), out var amount) is { } refused)
        {
            Move(call, +1);
            return refused;
        }

        var hold = new Hold(request, new Credits(amount), SetAside(request, old.HeldAt, amount, out var paying), old.Rates, old.HeldAt);
        call.Key.Spending.Rehold(call.Admitted, old.Amount.Nano, amount);
        call.Member?.Rehold(call.Admitted, old.Amount.Nano, amount);
        call.Hold = hold;
        call.Buckets = paying;
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

        var admitted = BudgetPeriods.DayOf(hold.HeldAt);
        FindKey(hold.Request.Key.KeyId)?.Spending.Settle(admitted, 0, -settlement.Charged.Nano);
        if (hold.Request.Member is { } member)
            FindMember(member.MemberId)?.Settle(admitted, 0, -settlement.Charged.Nano);
        tombstones.Replace(hold.ReceiptId, new FrontSettlement(Credits.Zero, Credits.Zero, [], Paying(hold)));
        AssertBalanced();
    }

    /// <summary>Takes a refund out of what key and member have spent in the periods that hold the day of admission.</summary>
    public void Forgive(string keyId, string? memberId, DateOnly admitted, Credits amount)
    {
        FindKey(keyId)?.Spending.Settle(admitted, 0, -amount.Nano);
        if (memberId is not null)
            FindMember(memberId)?.Settle(admitted, 0, -amount.Nano);
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

    private static void Move(LiveHold call, int sign)
    {
        for (var i = 0; i < call.Buckets.Length; i++)
            call.Buckets[i].Held += sign * call.Hold.Split[i].Amount.Nano;
    }

    // How much to hold, or why nothing can be: the budget first, then the allowance, then the buckets.
    private HoldResult? Cover(HoldRequest request, in Caps caps, out long amount)
    {
        amount = Math.Max(0, request.Amount.Nano);
        if (amount == 0)
            return null;

        // A call that costs something holds something, whatever minimum was asked for.
        var least = Math.Clamp(request.MinimumAmount.Nano, 1, amount);
        if (request.Key.Budget is { } budget && caps.Left(caps.Key, budget.Amount, budget.Period) is { } left)
        {
            if (left.Nano < least)
                return new HoldResult.OverBudget(budget, Credits.Max(left, Credits.Zero), BudgetPeriods.End(budget.Period, caps.Key.Day));
            amount = Math.Min(amount, left.Nano);
        }

        if (request.Member?.Allowance is { } allowance && caps.Member is { } member && caps.Left(member, allowance, BudgetPeriod.Month) is { } rest)
        {
            if (rest.Nano < least)
                return new HoldResult.OverAllowance(allowance, Credits.Max(rest, Credits.Zero), BudgetPeriods.MonthEnd(member.Day));
            amount = Math.Min(amount, rest.Nano);
        }

        long available = 0;
        long posted = 0;
        foreach (var bucket in buckets)
        {
            if (!bucket.Pays(request, caps.At))
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
            paid[i] = Math.Min(held, left);
            left -= paid[i];
            call.Buckets[i].Held -= held;
            call.Buckets[i].Spent += paid[i];
        }

        var overrun = left > 0 ? Overrun(hold, ref left) : null;
        call.Key.Open--;
        call.Key.Spending.Settle(call.Admitted, hold.Amount.Nano, cost - left);
        call.Member?.Settle(call.Admitted, hold.Amount.Nano, cost - left);
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

    // What limits a hold besides the buckets. Replaces: the live hold whose amount is free for the new one.
    private readonly record struct Caps(Spending Key, Spending? Member, DateTimeOffset At, LiveHold? Replaces)
    {
        /// <summary>What is left of a limit; <c>null</c>: the call counts in a period that is over, whose limit nobody can tell any more.</summary>
        public Credits? Left(Spending of, Credits limit, BudgetPeriod period)
        {
            var left = limit - of.Spent(period) - of.Held(period);
            if (Replaces is not { } old)
                return left;
            return of.Counts(period, old.Admitted) ? left + old.Hold.Amount : null;
        }
    }

    [Conditional("DEBUG")]
    private void AssertBalanced()
    {
        foreach (var bucket in buckets)
            Debug.Assert(bucket.Held >= 0 && bucket.Held <= bucket.Posted, $"0 <= {bucket.Held} <= {bucket.Posted} in {bucket.Terms.Id}.");
    }
}
