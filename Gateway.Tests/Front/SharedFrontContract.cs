using Gateway.Ledger;
using Gateway.Ledger.Front;
using Gateway.Tests.Fakes;
using NUnit.Framework;

namespace Gateway.Tests.Front;

/// <summary>What every front must do that several gateways share.</summary>
public abstract class SharedFrontContract : FrontContract
{
    private protected const long FirstEpoch = 7;

    private readonly List<ISharedFront> gateways = [];

    private protected ISharedFront Shared => gateways[0];

    private protected override int MostLoads => 50;

    [TearDown]
    public async Task CloseAsync()
    {
        foreach (var front in gateways)
            await CloseAsync(front);
        gateways.Clear();
    }

    [Test]
    public async Task Three_gateways_racing_for_a_balance_for_one_admit_one()
    {
        Book.Add(Calls.Account, Calls.Credit(100));

        var results = await RaceAsync(_ => Calls.Request(100));

        Assert.That(results.Count(result => result is HoldResult.Held), Is.EqualTo(1));
        Assert.That(results.Count(result => result is HoldResult.Reserved), Is.EqualTo(149));
    }

    [Test]
    public async Task Three_gateways_racing_never_spend_more_than_there_is()
    {
        Book.Add(Calls.Account, Calls.Pack("pk_1", 40));
        Book.Add(Calls.Account, Calls.Credit(60));
        await ThreeAsync();

        var charged = await Task.WhenAll(Enumerable.Range(0, 150).Select(i => Task.Run(async () =>
        {
            var front = gateways[i % 3];
            if (await front.HoldAsync(Calls.Request(7, minimum: 1), default) is not HoldResult.Held { Hold: var hold })
                return 0;
            return (await front.SettleAsync(hold, new Credits(i % 10), mayOverrun: true, 0, Calls.Planned(hold, i % 10), default)).Charged.Nano;
        })));

        var buckets = (await Front.BalanceAsync(Calls.Account, default)).Buckets;
        Assert.That(charged.Sum(), Is.EqualTo(100 - buckets.Sum(bucket => bucket.Posted.Nano)));
        Assert.That(buckets.Select(bucket => bucket.Held.Nano), Is.All.Zero);
        Assert.That(buckets.Select(bucket => bucket.Posted.Nano), Is.All.GreaterThanOrEqualTo(0));
    }

    [Test]
    public async Task Three_gateways_racing_keep_a_budget_and_an_allowance()
    {
        Book.Add(Calls.Account, Calls.Credit(10_000));
        var key = Calls.Free with { Budget = new Budget(new Credits(100), BudgetPeriod.Day) };
        var member = new MemberLimits { MemberId = "mem_1", Allowance = new Credits(150) };

        var byKey = await RaceAsync(_ => Calls.Request(10, key: key, member: member));
        var byMember = await RaceAsync(_ => Calls.Request(10, key: Calls.Free with { KeyId = "key_2" }, member: member));

        Assert.That(byKey.Count(result => result is HoldResult.Held), Is.EqualTo(10));
        Assert.That(byKey.Count(result => result is HoldResult.OverBudget), Is.EqualTo(140));
        Assert.That(byMember.Count(result => result is HoldResult.Held), Is.EqualTo(5));
        Assert.That(byMember.Count(result => result is HoldResult.OverAllowance), Is.EqualTo(145));
    }

    [Test]
    public async Task Three_gateways_racing_keep_rates_and_concurrency()
    {
        Book.Add(Calls.Account, Calls.Credit(10_000));

        var byRate = await RaceAsync(_ => Calls.Request(1, key: Calls.Free with { Burst = 20, RefillPerSecond = 1 }));
        var byOpen = await RaceAsync(_ => Calls.Request(1, key: Calls.Free with { KeyId = "key_2", MaxConcurrency = 3 }));

        Assert.That(byRate.Count(result => result is HoldResult.Held), Is.EqualTo(20));
        Assert.That(byOpen.Count(result => result is HoldResult.Held), Is.EqualTo(3));
    }

    [Test]
    public async Task One_settlement_of_several_at_once_is_charged_and_all_see_it()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        var hold = await HeldAsync(Calls.Request(60));

        var settled = await Task.WhenAll(Enumerable.Range(1, 20).Select(cost => Task.Run(() => SettleAsync(hold, cost))));

        Assert.That(settled.Select(one => one.Charged).Distinct().Count(), Is.EqualTo(1));
        Assert.That((await BucketAsync()).Posted, Is.EqualTo(new Credits(100) - settled[0].Charged));
    }

    [Test]
    public async Task Credit_that_races_with_the_first_load_of_its_account_is_not_lost()
    {
        await ThreeAsync();
        for (var i = 0; i < 30; i++)
        {
            var account = $"acc_race_{i}";
            Book.Add(account, Calls.Credit(100));
            var posting = new Posting
            {
                Account = account,
                Workspace = "ws_1",
                Kind = BucketKind.Credit,
                Currency = "CREDIT",
                Amount = new Credits(50),
                Actor = "test",
            };

            var loading = Task.Run(() => gateways[1].BalanceAsync(account, default).AsTask());
            var posted = (PostingResult.Posted)await Book.PostAsync(posting, Calls.Start, default);
            await Front.CreditAsync(account, posted.Bucket, default);
            await loading;

            Assert.That((await gateways[2].BalanceAsync(account, default)).Buckets[0].Posted, Is.EqualTo(new Credits(150)));
        }
    }

    [Test]
    public async Task Another_epoch_refuses_what_names_the_old_one()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        var hold = await HeldAsync(Calls.Request(60));

        await Shared.OpenEpochAsync(FirstEpoch + 1, default);

        Assert.That(() => HoldAsync(Calls.Request(1)), Throws.InstanceOf<FrontUnavailableException>());
        Assert.That(() => SettleAsync(hold, 1), Throws.InstanceOf<FrontUnavailableException>());
        Assert.That(() => Front.BalanceAsync(Calls.Account, default).AsTask(), Throws.InstanceOf<FrontUnavailableException>());
        Assert.That(() => Shared.OpenEpochAsync(FirstEpoch, default), Throws.InstanceOf<FrontUnavailableException>(), "An epoch only rises.");
        Assert.That((await Shared.ProbeAsync(default)).Epoch, Is.EqualTo(FirstEpoch + 1));
    }

    [Test]
    public async Task A_new_epoch_begins_with_what_the_book_has()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        var hold = await HeldAsync(Calls.Request(60));
        await Book.RecordAsync([Calls.Planned(hold, 25)], default);

        await NextEpochAsync();

        Assert.That(((await BucketAsync()).Posted, (await BucketAsync()).Held), Is.EqualTo((new Credits(75), Credits.Zero)));
    }

    [Test]
    public async Task A_restored_hold_is_settled_as_if_nothing_had_happened()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        var key = Calls.Free with { Budget = new Budget(new Credits(100), BudgetPeriod.Day), MaxConcurrency = 1 };
        var member = new MemberLimits { MemberId = "mem_1", Allowance = new Credits(100) };
        var hold = await HeldAsync(Calls.Request(60, key: key, member: member));
        await NextEpochAsync();

        await Shared.RestoreAsync(hold, new Credits(10), Calls.Used(10), default);
        await Shared.RestoreAsync(hold, new Credits(10), Calls.Used(10), default);

        Assert.That((await BucketAsync()).Held, Is.EqualTo(new Credits(60)));
        Assert.That((await Front.BudgetAsync(Calls.Account, key, default))!.Held, Is.EqualTo(new Credits(60)));
        Assert.That(await HoldAsync(Calls.Request(1, key: key)), Is.EqualTo(new HoldResult.ConcurrencyLimited(1)));
        Assert.That((await SettleAsync(hold, 40)).Charged, Is.EqualTo(new Credits(40)));
        Assert.That((await BucketAsync()).Posted, Is.EqualTo(new Credits(60)));
        Assert.That((await Front.AllowanceAsync(Calls.Account, member, default))!.Spent, Is.EqualTo(new Credits(40)));
    }

    [Test]
    public async Task A_restored_hold_never_exceeds_its_bucket()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        var hold = await HeldAsync(Calls.Request(60));
        await NextEpochAsync();
        await HeldAsync(Calls.Request(70));

        await Shared.RestoreAsync(hold, Credits.Zero, default, default);

        Assert.That(((await BucketAsync()).Posted, (await BucketAsync()).Held), Is.EqualTo((new Credits(100), new Credits(100))));
        Assert.That((await SettleAsync(hold, 60)).Charged, Is.EqualTo(new Credits(30)));
    }

    [Test]
    public async Task A_call_whose_hold_object_is_gone_is_settled_by_its_receipt()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        var member = new MemberLimits { MemberId = "mem_1", Allowance = new Credits(100) };
        var hold = await HeldAsync(Calls.Request(60, member: member));
        var call = Calls.Planned(hold, 70);

        var settled = await Shared.SettleAgainAsync(call, default);
        var again = await Shared.SettleAgainAsync(call, default);

        Assert.That((settled!.Value.Charged, settled.Value.Shortfall), Is.EqualTo((new Credits(70), Credits.Zero)), "A complete call may overrun.");
        AssertSame(again!.Value, settled.Value);
        Assert.That((await Front.AllowanceAsync(Calls.Account, member, default))!.Spent, Is.EqualTo(new Credits(70)));
        Assert.That(await Shared.SettleAgainAsync(call with { ReceiptId = ReceiptId.Create(Calls.Start) }, default), Is.Null);
    }

    [Test]
    public async Task A_call_that_the_front_never_knew_is_charged_once_from_what_is_left()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        var key = Calls.Free with { Budget = new Budget(new Credits(500), BudgetPeriod.Day) };
        var call = Calls.Planned(await HeldAsync(Calls.Request(60, key: key)), 60);
        await NextEpochAsync();
        await HeldAsync(Calls.Request(70));

        var late = await Shared.ChargeLateAsync(call, default);
        var again = await Shared.ChargeLateAsync(call, default);

        Assert.That((late.Charged, late.Shortfall), Is.EqualTo((new Credits(30), new Credits(30))));
        AssertSame(again, late);
        Assert.That(((await BucketAsync()).Posted, (await BucketAsync()).Held), Is.EqualTo((new Credits(70), new Credits(70))));
        Assert.That((await Front.BudgetAsync(Calls.Account, key, default))!.Spent, Is.EqualTo(new Credits(30)));
        Assert.That((await Shared.SettleAgainAsync(call, default))!.Value.Charged, Is.EqualTo(new Credits(30)));
    }

    [Test]
    public async Task The_settlements_of_a_dead_gateway_are_claimed_with_what_was_charged()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        await ThreeAsync();
        var hold = await HeldAsync(Calls.Request(60));
        await Front.SettleAsync(hold, new Credits(130), mayOverrun: true, 0, Calls.Planned(hold, 130), default);

        Assert.That(await gateways[1].ClaimAsync(Live("gw-1", "gw-2"), 10, default), Is.Empty, "Its gateway is alive.");
        var claimed = (await gateways[1].ClaimAsync(Live("gw-2"), 10, default)).Single();

        Assert.That(claimed.Gateway, Is.EqualTo("gw-1"));
        Assert.That((claimed.Call.ReceiptId, claimed.Call.Outcome), Is.EqualTo((hold.ReceiptId, Outcome.Overrun)));
        Assert.That((claimed.Call.Cost, claimed.Call.Shortfall), Is.EqualTo((new Credits(100), new Credits(30))));
        Assert.That(claimed.Call.PaidBy.Single(), Is.EqualTo(new BucketShare("bkt_credit", BucketKind.Credit, new Credits(100), Credits.Zero)));
        using var receipt = System.Text.Json.JsonDocument.Parse(claimed.Call.Receipt);
        Assert.That(receipt.RootElement.GetProperty("outcome").GetString(), Is.EqualTo("overrun"));
        Assert.That(receipt.RootElement.GetProperty("cost").GetDecimal(), Is.EqualTo(0.0000001m));
        Assert.That(receipt.RootElement.GetProperty("shortfall").GetDecimal(), Is.EqualTo(0.00000003m));
    }

    [Test]
    public async Task A_reaped_call_is_claimed_by_anyone_with_its_checkpoint()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        await ThreeAsync();
        var hold = await HeldAsync(Calls.Request(60));
        await Front.RenewAsync(hold, new Credits(20), Calls.Used(20), default);
        Time.Advance(Lease);

        await gateways[2].ReapAsync(default);
        var claimed = (await gateways[1].ClaimAsync(Live("gw-1", "gw-2", "gw-3"), 10, default)).Single();

        Assert.That(claimed.Gateway, Is.Null);
        Assert.That((claimed.Call.Outcome, claimed.Call.Cost, claimed.Call.OccurredAt), Is.EqualTo((Outcome.Recovered, new Credits(20), hold.HeldAt)));
        Assert.That(claimed.Call.PaidBy.Single().Amount, Is.EqualTo(new Credits(20)));
        using var receipt = System.Text.Json.JsonDocument.Parse(claimed.Call.Receipt);
        Assert.That(receipt.RootElement.GetProperty("usage").GetProperty("outputTokens").GetInt64(), Is.EqualTo(20));
        Assert.That((await SettleAsync(hold, 60)).Charged, Is.EqualTo(new Credits(20)), "Its gateway, back from a stall, gets the reaper's result.");
    }

    [Test]
    public async Task What_is_acknowledged_is_not_claimed_again_and_a_void_never_is()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        await ThreeAsync();
        var recorded = await HeldAsync(Calls.Request(10));
        var waiting = await HeldAsync(Calls.Request(20));
        await SettleAsync(await HeldAsync(Calls.Request(30)), 0);
        await Front.SettleAsync(recorded, new Credits(10), mayOverrun: false, 0, Calls.Planned(recorded, 10), default);
        await Front.SettleAsync(waiting, new Credits(20), mayOverrun: false, 0, Calls.Planned(waiting, 20), default);

        await Shared.AcknowledgeAsync([(Calls.Account, recorded.ReceiptId)], default);
        await Shared.AcknowledgeAsync([(Calls.Account, recorded.ReceiptId)], default);

        Assert.That((await gateways[1].ClaimAsync(Live(), 10, default)).Select(call => call.Call.ReceiptId), Is.EqualTo(new[] { waiting.ReceiptId }));
        Assert.That((await SettleAsync(recorded, 3)).Charged, Is.EqualTo(new Credits(10)), "The tombstone stays for a while.");
    }

    [Test]
    public async Task A_forgiven_amount_leaves_budget_and_allowance_but_no_bucket()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        var key = Calls.Free with { Budget = new Budget(new Credits(100), BudgetPeriod.Day) };
        var member = new MemberLimits { MemberId = "mem_1", Allowance = new Credits(100) };
        await SettleAsync(await HeldAsync(Calls.Request(60, key: key, member: member)), 60);

        await Shared.ForgiveAsync(Calls.Account, key.KeyId, "mem_1", new DateOnly(2026, 3, 4), new Credits(60), default);

        Assert.That((await Front.BudgetAsync(Calls.Account, key, default))!.Spent, Is.EqualTo(Credits.Zero));
        Assert.That((await Front.AllowanceAsync(Calls.Account, member, default))!.Spent, Is.EqualTo(Credits.Zero));
        Assert.That((await BucketAsync()).Posted, Is.EqualTo(new Credits(40)));
    }

    /// <summary>An empty front without an epoch.</summary>
    private protected abstract ValueTask WipeAsync();

    /// <summary>One gateway's view of it.</summary>
    private protected abstract ValueTask<ISharedFront> CreateAsync(string gateway);

    private protected virtual ValueTask CloseAsync(ISharedFront front) => ValueTask.CompletedTask;

    private protected sealed override async ValueTask<IFront> CreateAsync()
    {
        await CloseAsync();
        await WipeAsync();
        var front = await CreateAsync("gw-1");
        gateways.Add(front);
        await front.OpenEpochAsync(FirstEpoch, default);
        front.UseEpoch(FirstEpoch);
        return front;
    }

    private protected static HashSet<string> Live(params string[] ids) => [.. ids];

    /// <summary>Two more gateways.</summary>
    private protected async Task<IReadOnlyList<ISharedFront>> ThreeAsync()
    {
        while (gateways.Count < 3)
        {
            var front = await CreateAsync($"gw-{gateways.Count + 1}");
            front.UseEpoch(FirstEpoch);
            gateways.Add(front);
        }

        return gateways;
    }

    private protected async Task NextEpochAsync()
    {
        await Shared.OpenEpochAsync(FirstEpoch + 1, default);
        foreach (var front in gateways)
            front.UseEpoch(FirstEpoch + 1);
    }

    private async Task<HoldResult[]> RaceAsync(Func<int, HoldRequest> request)
    {
        await ThreeAsync();
        return await Task.WhenAll(Enumerable.Range(0, 150).Select(i => Task.Run(async () => await gateways[i % 3].HoldAsync(request(i), default))));
    }
}
