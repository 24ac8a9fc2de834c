using Gateway.Ledger;
using Gateway.Ledger.Front;
using Gateway.Ledger.Front.InProcess;
using Gateway.Tests.Fakes;
using NUnit.Framework;

namespace Gateway.Tests.Front;

[TestFixture]
public sealed class InProcessFrontTests : FrontContract
{
    private protected override int Histories => 300;

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
}
