namespace Gateway.Ledger.Book;

/// <summary>What the book knows of members' spending.</summary>
internal interface IMemberSpending
{
    /// <summary>What the member's keys were charged on the days from <paramref name="from"/> (UTC) to today.</summary>
    Task<Credits> LoadMemberSpentAsync(string memberId, DateOnly from, CancellationToken cancellationToken);
}
