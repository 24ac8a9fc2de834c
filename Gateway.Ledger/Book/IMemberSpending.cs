namespace Gateway.Ledger.Book;

/// <summary>What a book knows of members; a front whose book does not has members begin at zero.</summary>
internal interface IMemberSpending
{
    /// <summary>What the member's keys were charged on the days from <paramref name="from"/> (UTC) to today.</summary>
    Task<Credits> LoadMemberSpentAsync(string memberId, DateOnly from, CancellationToken cancellationToken);
}
