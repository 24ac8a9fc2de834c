using Gateway.Ledger;
using Gateway.Ledger.Front;
using Gateway.Tests.Fakes;
using NUnit.Framework;

namespace Gateway.Tests.Front;

/// <summary>What every front must do, whatever it keeps its state in.</summary>
public abstract class FrontContract
{
    private protected static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);

    private protected ManualTimeProvider Time { get; private set; } = null!;

    private protected MemoryBook Book { get; private set; } = null!;

    private protected IFront Front { get; private set; } = null!;

    /// <summary>How often racing first calls may read an account from the book.</summary>
    private protected virtual int MostLoads => 1;

    /// <summary>How many random histories of 200 operations are played; <c>GATEWAY_TEST_HISTORIES</c> multiplies it.</summary>
    private protected virtual int Histories => 20;

    [SetUp]
    public async Task OpenAsync()
    {
        Time = new ManualTimeProvider(Calls.Start);
        Book = new MemoryBook();
        Front = await CreateAsync();
    }

    [Test]
    public async Task Parallel_holds_on_a_balance_for_one_admit_one()
    {
        Book.Add(Calls.Account, Calls.Credit(100));

        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => HoldAsync(Calls.Request(100)))));

        Assert.That(results.Count(result => result is HoldResult.Held), Is.EqualTo(1));
        Assert.That(results.Count(result => result is HoldResult.Reserved), Is.EqualTo(49));
        Assert.That(Book.Loads, Is.InRange(1, MostLoads));
    }

    [Test]
    public async Task A_repeated_hold_is_the_same_hold()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        var request = Calls.Request(60);

        var first = await HeldAsync(request);
        var second = await HeldAsync(request);

        Assert.That((second.ReceiptId, second.Amount, second.HeldAt, second.Rates), Is.EqualTo((first.ReceiptId, first.Amount, first.HeldAt, first.Rates)));
        Assert.That(second.Split, Is.EqualTo(first.Split));
        Assert.That((await BucketAsync()).Held, Is.EqualTo(new Credits(60)));
    }

    [Test]
    public async Task A_second_settlement_returns_the_first_result()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        var hold = await HeldAsync(Calls.Request(60));

        var first = await SettleAsync(hold, 40);
        var second = await SettleAsync(hold, 10);

        AssertSame(second, first);
        Assert.That((await BucketAsync()).Posted, Is.EqualTo(new Credits(60)));
        Assert.That((await BucketAsync()).Held, Is.EqualTo(Credits.Zero));
    }

    [Test]
    public async Task What_calls_in_flight_hold_is_told_apart_from_what_is_not_there()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        await HeldAsync(Calls.Request(60));

        Assert.That(await HoldAsync(Calls.Request(100)), Is.EqualTo(new HoldResult.Reserved(new Credits(40), new Credits(100))));
        Assert.That(await HoldAsync(Calls.Request(101)), Is.EqualTo(new HoldResult.Insufficient(new Credits(40))));
    }

    [Test]
    public async Task A_flexible_call_holds_what_is_available()
    {
        Book.Add(Calls.Account, Calls.Credit(100));

        Assert.That((await HeldAsync(Calls.Request(500, minimum: 50))).Amount, Is.EqualTo(new Credits(100)));
        Assert.That(await HoldAsync(Calls.Request(0)), Is.InstanceOf<HoldResult.Held>(), "A free model always fits.");
        Assert.That(await HoldAsync(Calls.Request(5, minimum: 0)), Is.InstanceOf<HoldResult.Reserved>(), "A call that costs holds something.");
    }

    [Test]
    public async Task Packs_burn_by_priority_then_expiry_then_gift_then_age_before_the_bucket()
    {
        Book.Add(Calls.Account, Calls.Credit(10));
        Book.Add(Calls.Account, Calls.Pack("pk_none", 10));
        Book.Add(Calls.Account, Calls.Pack("pk_gift", 10, promotional: true));
        Book.Add(Calls.Account, Calls.Pack("pk_late", 10, expires: Calls.Start.AddDays(9)));
        Book.Add(Calls.Account, Calls.Pack("pk_soon", 10, expires: Calls.Start.AddDays(1)));
        Book.Add(Calls.Account, Calls.Pack("pk_first", 10, priority: 1));
        Book.Add(Calls.Account, Calls.Pack("pk_over", 10, expires: Calls.Start));

        var hold = await HeldAsync(Calls.Request(60));

        Assert.That(
            hold.Split.Select(share => share.Bucket),
            Is.EqualTo(new[] { "pk_first", "pk_soon", "pk_late", "pk_gift", "pk_none", "bkt_credit" }));
        Assert.That(await HoldAsync(Calls.Request(1, packsOnly: true)), Is.InstanceOf<HoldResult.Reserved>());
    }

    [Test]
    public async Task An_overrun_takes_what_is_available_and_the_house_pays_the_rest()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        Book.Add(Calls.Account, Calls.Pack("pk_1", 30));
        var hold = await HeldAsync(Calls.Request(20));
        var other = await HeldAsync(Calls.Request(50));

        var settled = await Front.SettleAsync(hold, new Credits(500), mayOverrun: true, 0, null, default);

        Assert.That(settled.Charged, Is.EqualTo(new Credits(80)));
        Assert.That(settled.Shortfall, Is.EqualTo(new Credits(420)));
        Assert.That(settled.PaidBy.Sum(share => share.Amount.Nano), Is.EqualTo(80));
        Assert.That(settled.Balance, Is.EqualTo(new Credits(50)));
        Assert.That((await SettleAsync(other, 50)).Charged, Is.EqualTo(new Credits(50)));
    }

    [Test]
    public async Task A_partial_outcome_never_exceeds_its_hold()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        var hold = await HeldAsync(Calls.Request(20));

        Assert.That((await SettleAsync(hold, 70)).Charged, Is.EqualTo(new Credits(20)));
    }

    [Test]
    public async Task Requests_and_tokens_are_limited_and_refill()
    {
        Book.Add(Calls.Account, Calls.Credit(1000));
        var key = Calls.Free with { Burst = 2, RefillPerSecond = 0.5, TokensPerMinute = 600 };

        var first = await HeldAsync(Calls.Request(1, key: key, tokens: 600));
        var byTokens = await HoldAsync(Calls.Request(1, key: key, tokens: 10));
        await Front.SettleAsync(first, Credits.Zero, mayOverrun: false, 590, null, default);
        var second = await HeldAsync(Calls.Request(1, key: key, tokens: 10));
        var byRequests = await HoldAsync(Calls.Request(1, key: key));
        Time.Advance(TimeSpan.FromSeconds(2));
        var third = await HoldAsync(Calls.Request(1, key: key));

        Assert.That(byTokens, Is.InstanceOf<HoldResult.RateLimited>());
        Assert.That(((HoldResult.RateLimited)byTokens).RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(1)));
        Assert.That(second.Rates, Is.EqualTo(new RateState(2, 0, TimeSpan.FromSeconds(4), 600, 0, TimeSpan.FromSeconds(60))));
        Assert.That(((HoldResult.RateLimited)byRequests).RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(2)));
        Assert.That(third, Is.InstanceOf<HoldResult.Held>());
    }

    [Test]
    public async Task A_refusal_uses_nothing_up()
    {
        Book.Add(Calls.Account, Calls.Credit(10));
        var key = Calls.Free with { Burst = 1, RefillPerSecond = 1, MaxConcurrency = 1 };

        Assert.That(await HoldAsync(Calls.Request(11, key: key)), Is.InstanceOf<HoldResult.Insufficient>());
        await HeldAsync(Calls.Request(1, key: key));
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(await HoldAsync(Calls.Request(1, key: key)), Is.EqualTo(new HoldResult.ConcurrencyLimited(1)));
    }

    [TestCase(BudgetPeriod.Day, "2026-03-04T23:59:59Z", "2026-03-05T00:00:00Z")]
    [TestCase(BudgetPeriod.Week, "2026-03-08T23:59:59Z", "2026-03-09T00:00:00Z")]
    [TestCase(BudgetPeriod.Month, "2026-03-31T23:59:59Z", "2026-04-01T00:00:00Z")]
    public async Task A_budget_begins_again_at_the_edge_of_its_period(BudgetPeriod period, string lastSecond, string next)
    {
        Book.Add(Calls.Account, Calls.Credit(1000));
        var key = Calls.Free with { Budget = new Budget(new Credits(100), period) };
        await SettleAsync(await HeldAsync(Calls.Request(60, key: key)), 60);
        Time.Advance(DateTimeOffset.Parse(lastSecond) - Time.GetUtcNow());

        var refused = await HoldAsync(Calls.Request(41, key: key));
        var open = await HeldAsync(Calls.Request(500, minimum: 40, key: key));
        Time.Advance(TimeSpan.FromSeconds(1));
        var fresh = await HeldAsync(Calls.Request(100, key: key));
        await SettleAsync(open, 40);

        Assert.That(refused, Is.EqualTo(new HoldResult.OverBudget(key.Budget, new Credits(40), DateTimeOffset.Parse(next))));
        Assert.That(open.Amount, Is.EqualTo(new Credits(40)));
        Assert.That(fresh.Amount, Is.EqualTo(new Credits(100)));
        var state = await Front.BudgetAsync(Calls.Account, key, default);
        Assert.That(state!.Spent, Is.EqualTo(Credits.Zero), "The late settlement counts in the period of its admission.");
        Assert.That(state.Held, Is.EqualTo(new Credits(100)));
    }

    [Test]
    public async Task An_expired_hold_is_charged_its_checkpoint()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        var hold = await HeldAsync(Calls.Request(50));
        await Front.RenewAsync(hold, new Credits(20), default, default);
        Time.Advance(Lease);

        var reaped = await Front.ReapAsync(default);

        // A shared front returns none: others may have reaped them.
        Assert.That(reaped.Select(call => call.Settlement.Charged), Is.All.EqualTo(new Credits(20)));
        Assert.That(await Front.RenewAsync(hold, new Credits(30), default, default), Is.False);
        Assert.That((await SettleAsync(hold, 50)).Charged, Is.EqualTo(new Credits(20)));
    }

    [Test]
    public async Task Credit_told_twice_or_late_counts_once()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        await Front.BalanceAsync(Calls.Account, default);
        var news = Calls.Credit(150) with { CreditVersion = 2 };

        await Front.CreditAsync(Calls.Account, news, default);
        await Front.CreditAsync(Calls.Account, news, default);
        await Front.CreditAsync(Calls.Account, Calls.Credit(120) with { CreditVersion = 1 }, default);

        Assert.That((await BucketAsync()).Posted, Is.EqualTo(new Credits(150)));
    }

    [Test]
    public async Task An_account_that_cannot_be_loaded_is_tried_again()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        Book.Down = true;
        var down = await HoldAsync(Calls.Request(1));
        Book.Down = false;

        Assert.That(down, Is.EqualTo(new HoldResult.Unavailable(UnavailableReason.Book)));
        Assert.That(await HoldAsync(Calls.Request(1)), Is.InstanceOf<HoldResult.Held>());
    }

    [Test]
    public async Task A_rehold_takes_what_another_route_needs_and_gives_back_the_rest()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        Book.Add(Calls.Account, Calls.Wallet(50));
        var key = Calls.Free with { MaxConcurrency = 1, Budget = new Budget(new Credits(100), BudgetPeriod.Day) };
        var request = Calls.Request(80, key: key);
        var first = await HeldAsync(request);

        var second = ((HoldResult.Held)await Front.ReholdAsync(first, Calls.Ordinary(request, 50), default)).Hold;

        Assert.That(second.Split.Single(), Is.EqualTo(new BucketShare("bkt_wallet", BucketKind.Wallet, new Credits(50), new Credits(50))));
        Assert.That(await HeldByBucketAsync(), Is.EqualTo(new long[] { 0, 50 }));
        Assert.That((await Front.BudgetAsync(Calls.Account, key, default))!.Held, Is.EqualTo(new Credits(50)));
        var settled = await SettleAsync(second, 30);
        Assert.That(settled.PaidBy.Single(), Is.EqualTo(new BucketShare("bkt_wallet", BucketKind.Wallet, new Credits(30), new Credits(20))));
        Assert.That(settled.Balance, Is.EqualTo(new Credits(20)));
        Assert.That(await HoldAsync(Calls.Request(1, key: key)), Is.InstanceOf<HoldResult.Held>(), "One call was open, not two.");
    }

    [Test]
    public async Task A_rehold_may_use_what_its_own_hold_has_set_aside()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        var key = Calls.Free with { Budget = new Budget(new Credits(100), BudgetPeriod.Month) };
        var request = Calls.Request(80, key: key);
        var first = await HeldAsync(request);

        var again = await Front.ReholdAsync(first, request with { Amount = new Credits(100), MinimumAmount = new Credits(100) }, default);

        Assert.That(((HoldResult.Held)again).Hold.Amount, Is.EqualTo(new Credits(100)));
        Assert.That((await BucketAsync()).Held, Is.EqualTo(new Credits(100)));
    }

    [Test]
    public async Task A_rehold_that_is_refused_changes_nothing()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        Book.Add(Calls.Account, Calls.Wallet(50));
        var request = Calls.Request(80, key: Calls.Free with { Budget = new Budget(new Credits(90), BudgetPeriod.Month) });
        var hold = await HeldAsync(request);
        var dearer = request with { Amount = new Credits(95), MinimumAmount = new Credits(95) };

        Assert.That(await Front.ReholdAsync(hold, Calls.Ordinary(request, 60), default), Is.EqualTo(new HoldResult.Insufficient(new Credits(50))));
        Assert.That(
            await Front.ReholdAsync(hold, dearer, default),
            Is.EqualTo(new HoldResult.OverBudget(request.Key.Budget!, new Credits(90), new DateTimeOffset(2026, 4, 1, 0, 0, 0, TimeSpan.Zero))));
        Assert.That(await HeldByBucketAsync(), Is.EqualTo(new long[] { 80, 0 }));
        Assert.That((await SettleAsync(hold, 80)).Charged, Is.EqualTo(new Credits(80)));
        Assert.That(await Front.ReholdAsync(hold, request, default), Is.EqualTo(new HoldResult.Unavailable(UnavailableReason.Front)), "It is over.");
    }

    [Test]
    public async Task An_allowance_limits_all_keys_of_a_member_together()
    {
        Book.Add(Calls.Account, Calls.Credit(1000));
        var member = new MemberLimits { MemberId = "mem_1", Allowance = new Credits(100) };
        var other = Calls.Free with { KeyId = "key_2" };
        var nextMonth = new DateTimeOffset(2026, 4, 1, 0, 0, 0, TimeSpan.Zero);
        await SettleAsync(await HeldAsync(Calls.Request(30, member: member)), 30);
        await HeldAsync(Calls.Request(50, key: other, member: member));

        Assert.That(
            await HoldAsync(Calls.Request(21, member: member)), Is.EqualTo(new HoldResult.OverAllowance(new Credits(100), new Credits(20), nextMonth)));
        Assert.That(
            await Front.AllowanceAsync(Calls.Account, member, default),
            Is.EqualTo(new AllowanceState(new Credits(100), new Credits(30), new Credits(50), nextMonth)));
        Assert.That((await HeldAsync(Calls.Request(500, minimum: 5, member: member))).Amount, Is.EqualTo(new Credits(20)), "Capped to what is left.");
        Time.Advance(nextMonth - Time.GetUtcNow());
        Assert.That((await HeldAsync(Calls.Request(100, member: member))).Amount, Is.EqualTo(new Credits(100)));
        Assert.That(await Front.AllowanceAsync(Calls.Account, member with { Allowance = null }, default), Is.Null);
    }

    [Test]
    public async Task The_key_budget_is_judged_before_the_allowance()
    {
        Book.Add(Calls.Account, Calls.Credit(1000));
        var member = new MemberLimits { MemberId = "mem_1", Allowance = new Credits(50) };
        var key = Calls.Free with { Budget = new Budget(new Credits(40), BudgetPeriod.Day) };

        Assert.That(await HoldAsync(Calls.Request(60, key: key, member: member)), Is.InstanceOf<HoldResult.OverBudget>());
        Assert.That((await HeldAsync(Calls.Request(60, minimum: 1, key: key, member: member))).Amount, Is.EqualTo(new Credits(40)));
    }

    [Test]
    public async Task A_refund_gives_back_to_bucket_budget_and_allowance_once()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        var member = new MemberLimits { MemberId = "mem_1", Allowance = new Credits(100) };
        var key = Calls.Free with { Budget = new Budget(new Credits(100), BudgetPeriod.Day) };
        var hold = await HeldAsync(Calls.Request(60, key: key, member: member));
        await SettleAsync(hold, 60);

        await Front.RefundAsync(hold, default);
        await Front.RefundAsync(hold, default);

        Assert.That((await BucketAsync()).Posted, Is.EqualTo(new Credits(100)));
        Assert.That((await Front.BudgetAsync(Calls.Account, key, default))!.Spent, Is.EqualTo(Credits.Zero));
        Assert.That((await Front.AllowanceAsync(Calls.Account, member, default))!.Spent, Is.EqualTo(Credits.Zero));
        Assert.That((await SettleAsync(hold, 60)).Charged, Is.EqualTo(Credits.Zero));
    }

    [Test]
    public async Task Credit_that_is_taken_out_under_a_hold_leaves_when_the_hold_ends()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        var hold = await HeldAsync(Calls.Request(80));

        await Front.CreditAsync(Calls.Account, Calls.Credit(30) with { CreditVersion = 1 }, default);

        Assert.That(((await BucketAsync()).Posted, (await BucketAsync()).Held), Is.EqualTo((new Credits(80), new Credits(80))));
        Assert.That((await SettleAsync(hold, 10)).Balance, Is.EqualTo(new Credits(20)));
    }

    [Test]
    public async Task A_new_pack_takes_its_place_in_the_burn_order()
    {
        Book.Add(Calls.Account, Calls.Credit(10));
        Book.Add(Calls.Account, Calls.Pack("pk_b", 10));
        await Front.BalanceAsync(Calls.Account, default);

        await Front.CreditAsync(Calls.Account, Calls.Pack("pk_c", 10) with { CreditVersion = 1 }, default);
        await Front.CreditAsync(Calls.Account, Calls.Pack("pk_a", 10, priority: 1) with { CreditVersion = 1 }, default);

        Assert.That(
            (await HeldAsync(Calls.Request(40))).Split.Select(share => share.Bucket), Is.EqualTo(new[] { "pk_a", "pk_b", "pk_c", "bkt_credit" }));
    }

    [Test]
    public async Task Random_histories_match_the_model_and_never_break_a_balance()
    {
        var times = int.TryParse(Environment.GetEnvironmentVariable("GATEWAY_TEST_HISTORIES"), out var many) ? many : 1;
        var first = times > 1 ? Random.Shared.Next() : 0;
        for (var i = 0; i < Histories * times; i++)
        {
            await OpenAsync();
            await new FrontHistory(unchecked(first + i), Front, Book, Time, Lease).RunAsync(200);
        }
    }

    private protected abstract ValueTask<IFront> CreateAsync();

    private protected static void AssertSame(in FrontSettlement actual, in FrontSettlement expected)
    {
        Assert.That((actual.Charged, actual.Shortfall, actual.Balance), Is.EqualTo((expected.Charged, expected.Shortfall, expected.Balance)));
        Assert.That(actual.PaidBy, Is.EqualTo(expected.PaidBy));
    }

    private protected async Task<long[]> HeldByBucketAsync() =>
        [.. (await Front.BalanceAsync(Calls.Account, default)).Buckets.Select(bucket => bucket.Held.Nano)];

    private protected async Task<HoldResult> HoldAsync(HoldRequest request) => await Front.HoldAsync(request, default);

    private protected async Task<Hold> HeldAsync(HoldRequest request) => ((HoldResult.Held)await Front.HoldAsync(request, default)).Hold;

    private protected async Task<FrontSettlement> SettleAsync(Hold hold, long cost) =>
        await Front.SettleAsync(hold, new Credits(cost), mayOverrun: false, 0, null, default);

    private protected async Task<BucketBalance> BucketAsync() => (await Front.BalanceAsync(Calls.Account, default)).Buckets[0];
}
