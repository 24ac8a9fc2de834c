using System.Globalization;

namespace Gateway.Ledger.Book.Sqlite;

/// <summary>Time in the book: Unix microseconds, UTC, the resolution of PostgreSQL's <c>timestamptz</c>.</summary>
internal static class Micros
{
    public static long Of(DateTimeOffset at) => (at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;

    public static long? Of(DateTimeOffset? at) => at is { } known ? Of(known) : null;

    public static DateTimeOffset ToTime(long micros) => DateTimeOffset.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond);

    /// <summary>The UTC day, as <c>key_day</c> names it: <c>2026-11-21</c> sorts by time.</summary>
    public static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <inheritdoc cref="Day(DateOnly)"/>
    public static string Day(DateTimeOffset at) => Day(DateOnly.FromDateTime(at.UtcDateTime));
}
