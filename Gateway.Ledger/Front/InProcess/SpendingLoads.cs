using Gateway.Ledger.Book;

namespace Gateway.Ledger.Front.InProcess;

/// <summary>Reads from the book what a key or a member has spent in the periods that hold a day. Not cancelled: others wait for the same load.</summary>
internal static class SpendingLoads
{
    public static async Task<Spending> KeySpendingAsync(this IBook book, string keyId, DateOnly day)
    {
        var spent = new Credits[BudgetPeriods.Count];
        for (var i = 0; i < spent.Length; i++)
            spent[i] = await book.LoadKeySpentAsync(keyId, BudgetPeriods.Start((BudgetPeriod)i, day), CancellationToken.None);
        return new Spending(day, spent);
    }

    /// <summary>A member's allowance is monthly: the other periods begin at zero.</summary>
    public static async Task<Spending> MemberSpendingAsync(this IBook book, string memberId, DateOnly day)
    {
        var spent = new Credits[BudgetPeriods.Count];
        if (book is IMemberSpending members)
            spent[(int)BudgetPeriod.Month] = await members.LoadMemberSpentAsync(memberId, BudgetPeriods.Start(BudgetPeriod.Month, day), CancellationToken.None);
        return new Spending(day, spent);
    }
}
