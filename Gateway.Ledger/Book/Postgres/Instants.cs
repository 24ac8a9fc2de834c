namespace Gateway.Ledger.Book.Postgres;

/// <summary>Time as <c>timestamptz</c> keeps it: UTC, whole microseconds.</summary>
internal static class Instants
{
    public static DateTime Of(DateTimeOffset at) => at.UtcDateTime.AddTicks(-(at.UtcTicks % TimeSpan.TicksPerMicrosecond));

    public static DateTime? Of(DateTimeOffset? at) => at is { } known ? Of(known) : null;

    /// <summary>The moment in a UUIDv7, whole milliseconds: <c>uuid7_at</c> in SQL.</summary>
    public static DateTimeOffset Of(ReceiptId id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.Value.TryWriteBytes(bytes, bigEndian: true, out _);
        var milliseconds = 0L;
        foreach (var part in bytes[..6])
            milliseconds = (milliseconds << 8) | part;
        return DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
    }

    /// <summary>Unix microseconds.</summary>
    public static long Micros(DateTime at) => (at.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset ToTime(DateTime at) => new(DateTime.SpecifyKind(at, DateTimeKind.Utc));
}
