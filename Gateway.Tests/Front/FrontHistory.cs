using Gateway.Ledger;
using Gateway.Ledger.Front;
using Gateway.Tests.Fakes;
using NUnit.Framework;

namespace Gateway.Tests.Front;

/// <summary>A random history of two accounts, played on a front and on the model; both must say the same after every step.</summary>
internal sealed class FrontHistory(int seed, IFront front, MemoryBook book, ManualTimeProvider time, TimeSpan lease)
{
    private static readonly string[] Accounts = ["acc_1", "acc_2"];
    private static readonly MemberLimits Member = new() { MemberId = "mem_1", Allowance = new Credits(2500) };

    // Two keys of the first account, one of the second.
    private static readonly (string Account, KeyLimits Key)[] Keys =
    [
        ("acc_1", Calls.Free with { KeyId = "key_1", Budget = new Budget(new Credits(900), BudgetPeriod.Day) }),
        ("acc_1", Calls.Free with { KeyId = "key_2", MaxConcurrency = 3 }),
        ("acc_2", Calls.Free with { KeyId = "key_3", Budget = new Budget(new Credits(3000), BudgetPeriod.Week) }),
    ];

    private readonly Random random = new(seed);
    private readonly FrontModel model = new(lease);
    private long versions = 1;
    private int step;
    private string doing = "";

    public async Task RunAsync(int steps)
    {
        foreach (var account in Accounts)
        {
            foreach (var bucket in (BucketBalance[])[Calls.Credit(random.Next(2000)), Calls.Wallet(random.Next(1000)), Pack("pk_1", random.Next(500))])
            {
                book.Add(account, bucket);
                model.Credit(account, bucket);
            }

            // Loads it: what is credited later is told to the front alone.
            await CompareAsync(account);
        }

        for (step = 0; step < steps; step++)
        {
            await StepAsync();
            await CompareAsync(Accounts[step % 2]);
        }

        foreach (var account in Accounts)
            await CompareAsync(account);
    }

    internal static string Say(HoldResult result) => result switch
    {
        HoldResult.Held held => $"held {held.Hold.Amount.Nano} by {Say(held.Hold.Split)}",
        HoldResult.ConcurrencyLimited => "open",
        HoldResult.OverBudget over => $"budget {over.Remaining.Nano}",
        HoldResult.OverAllowance over => $"allowance {over.Remaining.Nano}",
        HoldResult.Reserved reserved => $"reserved {reserved.Available.Nano} of {reserved.Balance.Nano}",
        HoldResult.Insufficient insufficient => $"insufficient {insufficient.Available.Nano}",
        HoldResult.Unavailable => "unavailable",
        _ => result.ToString(),
    };

    private static string Say(IReadOnlyList<BucketShare> split) =>
        string.Join(' ', split.Select(share => $"{share.Bucket}:{share.Amount.Nano}/{share.BalanceAfter.Nano}"));

    private async Task StepAsync()
    {
        switch (random.Next(100))
        {
            case < 38:
                await HoldAsync();
                break;
            case < 48:
                await ReholdAsync();
                break;
            case < 72:
                await SettleAsync();
                break;
            case < 78:
                await RenewAsync();
                break;
            case < 82:
                doing = "reap";
                model.Reap(time.GetUtcNow());
                await front.ReapAsync(default);
                break;
            case < 90:
                await CreditAsync();
                break;
            case < 93:
                await RefundAsync();
                break;
            default:
                Advance();
                break;
        }
    }

    private async Task HoldAsync()
    {
        doing = "hold";
        if (random.Next(10) == 0 && Pick(model.Live) is { Request: var again })
        {
            Same(Say(await front.HoldAsync(again, default)), model.Hold(again, time.GetUtcNow()));
            return;
        }

        var (account, key) = Keys[random.Next(Keys.Length)];
        var request = Request(Calls.Request(0, key: key, member: account == "acc_1" ? Member : null) with { Account = account });
        var result = await front.HoldAsync(request, default);
        Same(Say(result), model.Hold(request, time.GetUtcNow()));
        if (result is HoldResult.Held { Hold: var hold })
            model.Live.Single(call => call.Request.ReceiptId == request.ReceiptId).Hold = hold;
    }

    private async Task ReholdAsync()
    {
        doing = "rehold";
        if (Pick(random.Next(10) == 0 ? model.Over : model.Live) is not { } call)
            return;

        var request = Request(call.Request);
        var result = await front.ReholdAsync(call.Hold!, request, default);
        Same(Say(result), model.Rehold(request, time.GetUtcNow()));
        if (result is HoldResult.Held { Hold: var hold })
        {
            Assert.That((hold.HeldAt, hold.Rates), Is.EqualTo((call.Hold!.HeldAt, call.Hold.Rates)), Where());
            call.Hold = hold;
        }
    }

    private async Task SettleAsync()
    {
        if (Pick(random.Next(10) == 0 ? model.Over : model.Live) is not { } call)
            return;

        var isVoid = random.Next(5) == 0;
        var cost = isVoid ? 0 : random.Next(500);
        var overrun = random.Next(3) == 0;
        doing = $"settle {cost}{(overrun ? " or more" : "")}";
        var planned = isVoid ? null : Calls.Planned(call.Hold!, cost);
        var settled = await front.SettleAsync(call.Hold!, new Credits(cost), overrun, 0, planned, default);
        var expected = model.Settle(call, cost, overrun, time.GetUtcNow());
        var actual = $"charged {settled.Charged.Nano} short {settled.Shortfall.Nano} by {Say(settled.PaidBy)} of {settled.Balance.Nano}";
        if (call.Reaped)
            Same($"{settled.Charged.Nano}", $"{call.Ended!.Charged}");
        else
            Same(actual, expected);
    }

    private async Task RenewAsync()
    {
        doing = "renew";
        if (Pick(random.Next(10) == 0 ? model.Over : model.Live) is not { } call)
            return;

        var checkpoint = random.Next(400);
        var renewed = await front.RenewAsync(call.Hold!, new Credits(checkpoint), Calls.Used(checkpoint), default);
        Same($"{renewed}", $"{model.Renew(call, checkpoint, time.GetUtcNow())}");
    }

    private async Task CreditAsync()
    {
        var account = Accounts[random.Next(2)];
        var known = model.Buckets(account);
        var news = random.Next(3) == 0
            ? Pack($"pk_{known.Count}", random.Next(600)) with { CreditVersion = versions++ }
            : known[random.Next(known.Count)].Terms;
        doing = $"credit {news.Id}";

        // What comes in is more than what goes out, so that a history does not end with nothing; some news is old.
        if (known.Exists(bucket => bucket.Terms.Id == news.Id))
        {
            var credited = Math.Max(0, news.Credited.Nano + random.Next(-300, 700));
            news = news with { Credited = new Credits(credited), CreditVersion = random.Next(4) == 0 ? news.CreditVersion : ++versions };
        }

        model.Credit(account, news);
        await front.CreditAsync(account, news, default);
    }

    private async Task RefundAsync()
    {
        doing = "refund";
        if (Pick(model.Over) is not { } call)
            return;

        model.Refund(call);
        await front.RefundAsync(call.Hold!, default);
    }

    private void Advance()
    {
        var by = random.Next(12) switch
        {
            0 => TimeSpan.FromDays(1),
            1 => TimeSpan.FromDays(random.Next(40)),
            < 5 => lease,
            _ => TimeSpan.FromSeconds(random.Next(60)),
        };
        doing = $"advance {by}";
        time.Advance(by);
    }

    private HoldRequest Request(HoldRequest like)
    {
        var amount = random.Next(20) == 0 ? 0 : random.Next(400);
        return like with
        {
            Price = Calls.Price with { RouteType = random.Next(3) == 0 ? RouteType.Ordinary : RouteType.Official },
            Amount = new Credits(amount),
            MinimumAmount = new Credits(random.Next(3) == 0 ? random.Next(amount + 1) : amount),
            PacksOnly = random.Next(12) == 0,
        };
    }

    private BucketBalance Pack(string id, long credited) => Calls.Pack(
        id, credited, random.Next(40, 60), random.Next(2) == 0 ? null : time.GetUtcNow().AddMinutes(random.Next(1, 3000)), random.Next(2) == 0);

    // Tombstones of the process's own front are kept for a quarter of an hour.
    private FrontModel.Call? Pick(IEnumerable<FrontModel.Call> calls)
    {
        var found = calls.Where(call => call.Ended is null || call.EndedAt > time.GetUtcNow() - TimeSpan.FromMinutes(14)).ToList();
        return found.Count == 0 ? null : found[random.Next(found.Count)];
    }

    private async Task CompareAsync(string account)
    {
        var actual = (await front.BalanceAsync(account, default)).Buckets;
        var expected = model.Buckets(account);
        Same(
            string.Join(' ', actual.Select(bucket => $"{bucket.Id}:{bucket.Posted.Nano}-{bucket.Held.Nano}")),
            string.Join(' ', expected.Select(bucket => $"{bucket.Terms.Id}:{model.Posted(bucket)}-{model.Held(bucket)}")));
        if (actual.Any(bucket => bucket.Held < Credits.Zero || bucket.Held > bucket.Posted))
            Assert.Fail($"{Where()} Held is not within posted.");

        foreach (var (_, key) in Keys.Where(key => key.Account == account && key.Key.Budget is not null))
        {
            var budget = await front.BudgetAsync(account, key, default);
            var (spent, held) = model.Counted(request => request.Key.KeyId == key.KeyId, key.Budget!.Period, time.GetUtcNow());
            Same($"{budget!.Spent.Nano} {budget.Held.Nano}", $"{spent} {held}");
        }

        if (account != Accounts[0])
            return;
        var allowance = await front.AllowanceAsync(account, Member, default);
        var (used, open) = model.Counted(request => request.Member is not null, BudgetPeriod.Month, time.GetUtcNow());
        Same($"{allowance!.Spent.Nano} {allowance.Held.Nano}", $"{used} {open}");
    }

    private void Same(string actual, string expected)
    {
        if (!string.Equals(actual, expected, StringComparison.Ordinal))
            Assert.Fail($"{Where()} The front says '{actual}', the model '{expected}'.");
    }

    private string Where() => $"Seed {seed}, step {step}, {doing}:";
}
