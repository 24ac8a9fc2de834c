namespace Gateway.Ledger.Book.Postgres;

/// <summary>Time as <c>timestamptz</c> keeps it: UTC, whole microseconds.</summary>
internal static class Instants
{
    public static DateTime Of(DateTimeOffset at) => at.UtcDateTime.AddTicks(-(at.UtcTicks % TimeSpan.TicksPerMicrosecond));

    public static DateTime? Of(DateTimeOffset? at) => at is { } known ? Of(known) : null;

    /// <summary>The moment in a UUIDv7, whole milliseconds: <c>uuid7_at</c> in SQL.</summary>
    public static DateTimeOffset Of(ReceiptId id) => id.CreatedAt;

    /// <summary>Unix microseconds.</summary>
    public static long Micros(DateTime at) => (at.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset ToTime(DateTime at) => new(DateTime.SpecifyKind(at, DateTimeKind.Utc));
}
