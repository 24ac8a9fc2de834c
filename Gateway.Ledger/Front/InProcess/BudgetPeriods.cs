namespace Gateway.Ledger.Front.InProcess;

/// <summary>When the periods of a budget begin and end, in UTC.</summary>
internal static class BudgetPeriods
{
    /// <summary>How many periods there are: one counter each.</summary>
    public const int Count = 4;

    /// <summary>The first day of the period that holds the day.</summary>
    public static DateOnly Start(BudgetPeriod period, DateOnly day) => period switch
    {
        BudgetPeriod.Day => day,
        BudgetPeriod.Week => day.AddDays(-(((int)day.DayOfWeek + 6) % 7)),
        BudgetPeriod.Month => new DateOnly(day.Year, day.Month, 1),
        _ => DateOnly.MinValue,
    };

    /// <summary>When the period that holds the day ends; <c>null</c>: never.</summary>
    public static DateTimeOffset? End(BudgetPeriod period, DateOnly day)
    {
        var start = Start(period, day);
        return period switch
        {
            BudgetPeriod.Day => Midnight(start.AddDays(1)),
            BudgetPeriod.Week => Midnight(start.AddDays(7)),
            BudgetPeriod.Month => MonthEnd(day),
            _ => null,
        };
    }

    /// <summary>When the month that holds the day ends.</summary>
    public static DateTimeOffset MonthEnd(DateOnly day) => Midnight(new DateOnly(day.Year, day.Month, 1).AddMonths(1));

    /// <summary>The day in UTC.</summary>
    public static DateOnly DayOf(DateTimeOffset at) => DateOnly.FromDateTime(at.UtcDateTime);

    private static DateTimeOffset Midnight(DateOnly day) => new(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
}
