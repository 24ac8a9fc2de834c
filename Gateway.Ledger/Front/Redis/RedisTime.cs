using Gateway.Ledger.Front.InProcess;

namespace Gateway.Ledger.Front.Redis;

/// <summary>Times as the scripts have them: whole microseconds and whole days since 1970.</summary>
internal static class RedisTime
{
    private static readonly int FirstDay = DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;

    public static long Micros(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    public static long Micros(long ticks) => ticks / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset Instant(long micros) => DateTimeOffset.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond);

    public static TimeSpan Span(long micros) => new(micros * TimeSpan.TicksPerMicrosecond);

    public static long Day(DateTimeOffset at) => Day(BudgetPeriods.DayOf(at));

    public static long Day(DateOnly day) => day.DayNumber - FirstDay;

    public static DateOnly ReadDay(long day) => DateOnly.FromDayNumber((int)day + FirstDay);
}
