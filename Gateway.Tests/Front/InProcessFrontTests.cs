using Gateway.Ledger;
using Gateway.Ledger.Front;
using Gateway.Ledger.Front.InProcess;
using Gateway.Tests.Fakes;
using NUnit.Framework;

namespace Gateway.Tests.Front;

[TestFixture]
public sealed class InProcessFrontTests : FrontContract
{
    [Test]
    public async Task Random_histories_match_the_model_and_never_break_the_balance()
    {
        for (var seed = 0; seed < 200; seed++)
            await RunHistoryAsync(seed);
    }

    [Test]
    public async Task What_was_taken_out_while_a_call_held_it_is_the_houses()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        var hold = await HeldAsync(Calls.Request(80));
        await Front.CreditAsync(Calls.Account, Calls.Credit(50) with { CreditVersion = 1 }, default);

        var settled = await SettleAsync(hold, 70);
        await Front.CreditAsync(Calls.Account, Calls.Credit(60) with { CreditVersion = 2 }, default);

        Assert.That((settled.Charged, settled.Shortfall), Is.EqualTo((new Credits(50), new Credits(20))));
        Assert.That((await BucketAsync()).Available, Is.EqualTo(new Credits(10)));
    }

    [Test]
    public async Task A_refund_is_forgiven_in_the_periods_of_its_day_only()
    {
        Book.Add(Calls.Account, Calls.Credit(100));
        var key = Calls.Free with { Budget = new Budget(new Credits(100), BudgetPeriod.Day) };
        await SettleAsync(await HeldAsync(Calls.Request(60, key: key)), 60);
        var day = DateOnly.FromDateTime(Calls.Start.UtcDateTime);

        await Front.ForgiveAsync(Calls.Account, key.KeyId, null, day.AddDays(-1), new Credits(30), default);
        var other = await Front.BudgetAsync(Calls.Account, key, default);
        await Front.ForgiveAsync(Calls.Account, key.KeyId, null, day, new Credits(20), default);
        var same = await Front.BudgetAsync(Calls.Account, key, default);

        Assert.That((other!.Spent, same!.Spent), Is.EqualTo((new Credits(60), new Credits(40))));
    }

    private protected override ValueTask<IFront> CreateAsync() => ValueTask.FromResult<IFront>(new InProcessFront(Book, Time, Lease));

    // The model: two buckets in burn order, a list of live holds, nothing else.
    private async Task RunHistoryAsync(int seed)
    {
        await OpenAsync();
        var random = new Random(seed);
        long[] posted = [random.Next(500), random.Next(2000)];
        long[] held = [0, 0];
        Book.Add(Calls.Account, Calls.Pack("pk_1", posted[0]));
        Book.Add(Calls.Account, Calls.Credit(posted[1]));
        var live = new List<(Hold Hold, long[] Parts, long Checkpoint)>();
        for (var op = 0; op < 500; op++)
        {
            var choice = random.Next(10);
            if (choice < 5)
            {
                var amount = random.Next(300);
                var minimum = random.Next(amount + 1);
                var available = posted[0] - held[0] + posted[1] - held[1];
                var result = await HoldAsync(Calls.Request(amount, minimum));
                var least = amount == 0 ? 0 : Math.Max(1, minimum);
                var take = Math.Min(amount, available);
                Assert.That(result is HoldResult.Held, Is.EqualTo(take >= least), $"Seed {seed}, op {op}.");
                if (result is HoldResult.Held { Hold: var hold })
                {
                    long[] parts = [Math.Min(posted[0] - held[0], take), 0];
                    parts[1] = take - parts[0];
                    held[0] += parts[0];
                    held[1] += parts[1];
                    live.Add((hold, parts, 0));
                }
            }
            else if (choice < 9 && live.Count > 0)
            {
                var index = random.Next(live.Count);
                var (hold, parts, _) = live[index];
                live.RemoveAt(index);
                var overrun = random.Next(4) == 0;
                var cost = random.Next(400);
                var settled = await Front.SettleAsync(hold, new Credits(cost), overrun, 0, null, default);
                var left = overrun ? cost : Math.Min(cost, parts[0] + parts[1]);
                var wanted = left;
                for (var i = 0; i < 2; i++)
                {
                    var part = Math.Min(parts[i], left);
                    held[i] -= parts[i];
                    posted[i] -= part;
                    left -= (int)part;
                }

                for (var i = 0; i < 2; i++)
                {
                    var part = Math.Min(posted[i] - held[i], left);
                    posted[i] -= part;
                    left -= (int)part;
                }

                Assert.That((settled.Charged.Nano, settled.Shortfall.Nano), Is.EqualTo((wanted - left, left)), $"Seed {seed}, op {op}.");
            }
            else if (live.Count > 0 && choice == 9)
            {
                Time.Advance(Lease);
                foreach (var (_, settlement) in await Front.ReapAsync(default))
                    Assert.That(settlement.Charged, Is.EqualTo(Credits.Zero));
                live.Clear();
                held = [0, 0];
            }

            var balance = (await Front.BalanceAsync(Calls.Account, default)).Buckets;
            if (balance[0].Posted.Nano != posted[0] || balance[1].Posted.Nano != posted[1] || balance[0].Held.Nano != held[0] || balance[1].Held.Nano != held[1])
                Assert.Fail($"Seed {seed}, op {op}: the model has posted {posted[0]}, {posted[1]} and held {held[0]}, {held[1]}.");
            if (held[0] + held[1] != live.Sum(call => call.Hold.Amount.Nano) || balance.Any(bucket => bucket.Held < Credits.Zero || bucket.Held > bucket.Posted))
                Assert.Fail($"Seed {seed}, op {op}: held is not the sum of the live holds, or not within posted.");
        }
    }
}
