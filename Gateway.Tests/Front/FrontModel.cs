using Gateway.Ledger;

namespace Gateway.Tests.Front;

/// <summary>What a front must do, as plain sums over buckets and calls: no counters that could drift. One thread; amounts in nano-credits.</summary>
internal sealed class FrontModel(TimeSpan lease)
{
    private readonly Dictionary<string, List<Bucket>> accounts = [];
    private readonly Dictionary<ReceiptId, Call> calls = [];

    public IEnumerable<Call> Live => calls.Values.Where(call => call.Ended is null);

    public IEnumerable<Call> Over => calls.Values.Where(call => call.Ended is not null);

    public List<Bucket> Buckets(string account) =>
        [.. accounts.GetValueOrDefault(account, [])
            .OrderBy(bucket => bucket.Terms.Kind != BucketKind.Pack)
            .ThenBy(bucket => bucket.Terms.Priority)
            .ThenBy(bucket => bucket.Terms.ExpiresAt ?? DateTimeOffset.MaxValue)
            .ThenBy(bucket => !bucket.Terms.Promotional)
            .ThenBy(bucket => bucket.Terms.CreatedAt)
            .ThenBy(bucket => bucket.Terms.Id, StringComparer.Ordinal)];

    public long Held(Bucket bucket) => Live.SelectMany(call => call.Parts).Where(part => part.Bucket == bucket).Sum(part => part.Amount);

    public long Posted(Bucket bucket) => Math.Max(bucket.Terms.Credited.Nano - bucket.Spent, Held(bucket));

    public (long Spent, long Held) Counted(Func<HoldRequest, bool> whose, BudgetPeriod period, DateTimeOffset now)
    {
        var counted = calls.Values.Where(call => whose(call.Request) && call.At >= Start(period, now)).ToList();
        return (counted.Sum(call => call.Ended?.Charged ?? 0), counted.Where(call => call.Ended is null).Sum(call => call.Amount));
    }

    public void Credit(string account, BucketBalance news)
    {
        if (!accounts.TryGetValue(account, out var buckets))
            accounts[account] = buckets = [];
        if (buckets.Find(bucket => bucket.Terms.Id == news.Id) is not { } known)
            buckets.Add(new Bucket(news) { Spent = news.Spent.Nano });
        else if (news.CreditVersion > known.Terms.CreditVersion)
            known.Terms = news;
    }

    /// <summary>The answer in the words of <see cref="FrontHistory.Say(HoldResult)"/>.</summary>
    public string Hold(HoldRequest request, DateTimeOffset now)
    {
        if (calls.TryGetValue(request.ReceiptId, out var known))
            return Say(known);
        if (request.Key.MaxConcurrency is { } most && Live.Count(call => call.Request.Key.KeyId == request.Key.KeyId) >= most)
            return "open";
        if (Cover(request, now, now, out var amount) is { } refused)
            return refused;

        var call = new Call(request, now) { Amount = amount, LeaseEnds = now + lease };
        calls.Add(request.ReceiptId, call);
        SetAside(call, request, amount);
        return Say(call);
    }

    public string Rehold(HoldRequest request, DateTimeOffset now)
    {
        var call = calls[request.ReceiptId];
        if (call.Ended is not null)
            return "unavailable";

        var (parts, old) = (call.Parts, call.Amount);
        (call.Parts, call.Amount) = ([], 0);
        if (Cover(request, call.At, now, out var amount) is { } refused)
        {
            (call.Parts, call.Amount) = (parts, old);
            return refused;
        }

        (call.Request, call.Amount) = (request, amount);
        SetAside(call, request, amount);
        return Say(call);
    }

    public bool Renew(Call call, long checkpoint, DateTimeOffset now)
    {
        if (call.Ended is not null)
            return false;
        call.Checkpoint = Math.Max(call.Checkpoint, Math.Min(checkpoint, call.Amount));
        call.LeaseEnds = now + lease;
        return true;
    }

    public string Settle(Call call, long cost, bool mayOverrun, DateTimeOffset now)
    {
        if (call.Ended is { } first)
            return first.Words;

        var left = mayOverrun ? cost : Math.Min(cost, call.Amount);
        cost = left;
        var paid = new List<(Bucket Bucket, long Amount)>();
        foreach (var part in call.Parts)
            Pay(part.Bucket, Math.Min(part.Amount, left));
        call.Parts = [];
        foreach (var bucket in Paying(call.Request, call.At))
            Pay(bucket, Math.Min(Posted(bucket) - Held(bucket), left));

        var split = paid.GroupBy(part => part.Bucket).Select(group => (group.Key, group.Sum(part => part.Amount)));
        var words = $"charged {cost - left} short {left} by {Say(split)} of {Paying(call.Request, call.At).Sum(Posted)}";
        (call.Ended, call.EndedAt) = (new Ending(cost - left, [.. paid], words), now);
        return words;

        void Pay(Bucket bucket, long amount)
        {
            if (amount <= 0)
                return;
            bucket.Spent += amount;
            left -= amount;
            paid.Add((bucket, amount));
        }
    }

    public void Refund(Call call)
    {
        if (call.Ended is not { } ended)
            return;
        foreach (var (bucket, amount) in ended.Paid)
            bucket.Spent -= amount;
        call.Reaped = false;
        call.Ended = new Ending(0, [], $"charged 0 short 0 by  of {Paying(call.Request, call.At).Sum(Posted)}");
    }

    public void Reap(DateTimeOffset now)
    {
        foreach (var call in Live.Where(call => call.LeaseEnds <= now).ToList())
        {
            Settle(call, call.Checkpoint, mayOverrun: false, now);
            call.Reaped = true;
        }
    }

    public static DateTimeOffset Start(BudgetPeriod period, DateTimeOffset now)
    {
        var day = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
        return period switch
        {
            BudgetPeriod.Day => day,
            BudgetPeriod.Week => Enumerable.Range(0, 7).Select(back => day.AddDays(-back)).First(monday => monday.DayOfWeek == DayOfWeek.Monday),
            BudgetPeriod.Month => day.AddDays(1 - day.Day),
            _ => DateTimeOffset.MinValue,
        };
    }

    private string? Cover(HoldRequest request, DateTimeOffset at, DateTimeOffset now, out long amount)
    {
        amount = request.Amount.Nano;
        if (amount == 0)
            return null;

        var least = Math.Max(1, Math.Min(request.MinimumAmount.Nano, amount));
        if (request.Key.Budget is { } budget && at >= Start(budget.Period, now))
        {
            var (spent, held) = Counted(other => other.Key.KeyId == request.Key.KeyId, budget.Period, now);
            var left = budget.Amount.Nano - spent - held;
            if (left < least)
                return $"budget {Math.Max(left, 0)}";
            amount = Math.Min(amount, left);
        }

        if (request.Member is { Allowance: { } allowance, MemberId: var member } && at >= Start(BudgetPeriod.Month, now))
        {
            var (spent, held) = Counted(other => other.Member?.MemberId == member, BudgetPeriod.Month, now);
            var left = allowance.Nano - spent - held;
            if (left < least)
                return $"allowance {Math.Max(left, 0)}";
            amount = Math.Min(amount, left);
        }

        var buckets = Paying(request, at).ToList();
        var available = buckets.Sum(bucket => Posted(bucket) - Held(bucket));
        amount = Math.Min(amount, available);
        if (amount >= least)
            return null;
        var posted = buckets.Sum(Posted);
        return least <= posted ? $"reserved {available} of {posted}" : $"insufficient {available}";
    }

    private void SetAside(Call call, HoldRequest request, long amount)
    {
        foreach (var bucket in Paying(request, call.At))
        {
            var part = Math.Min(Posted(bucket) - Held(bucket), amount);
            if (part <= 0)
                continue;
            call.Parts = [.. call.Parts, (bucket, part)];
            amount -= part;
        }

        call.Words = $"held {call.Amount} by {Say(call.Parts)}";
    }

    private IEnumerable<Bucket> Paying(HoldRequest request, DateTimeOffset at) => Buckets(request.Account).Where(bucket =>
    {
        var terms = bucket.Terms;
        if (terms.Currency != request.Price.Currency || terms.ExpiresAt <= at)
            return false;
        if (terms.Kind == BucketKind.Pack)
            return terms.Provider == request.Facts.Provider && terms.Model == request.Facts.Model;
        return !request.PacksOnly && (terms.Kind == BucketKind.Credit) == (request.Price.RouteType == RouteType.Official);
    });

    private static string Say(Call call) => call.Words;

    private string Say(IEnumerable<(Bucket Bucket, long Amount)> parts) =>
        string.Join(' ', parts.Select(part => $"{part.Bucket.Terms.Id}:{part.Amount}/{Posted(part.Bucket)}"));

    internal sealed class Bucket(BucketBalance terms)
    {
        public BucketBalance Terms { get; set; } = terms;

        public long Spent { get; set; }
    }

    internal sealed class Call(HoldRequest request, DateTimeOffset at)
    {
        public HoldRequest Request { get; set; } = request;

        public DateTimeOffset At { get; } = at;

        public long Amount { get; set; }

        public (Bucket Bucket, long Amount)[] Parts { get; set; } = [];

        public DateTimeOffset LeaseEnds { get; set; }

        public long Checkpoint { get; set; }

        public Ending? Ended { get; set; }

        public DateTimeOffset EndedAt { get; set; }

        /// <summary>Calls that are reaped together have no order, so the balance after each of them is any.</summary>
        public bool Reaped { get; set; }

        public string Words { get; set; } = "";

        /// <summary>What the front gave.</summary>
        public Hold? Hold { get; set; }
    }

    internal sealed record Ending(long Charged, (Bucket Bucket, long Amount)[] Paid, string Words);
}
