namespace Gateway.Ledger.Front.InProcess;

/// <summary>One clock of the generic cell rate algorithm. Unit of time: ticks (100 ns) of a monotonic clock.</summary>
/// <remarks>The clock runs ahead of now by what was used; it may run ahead by <see cref="Tolerance"/> at most.</remarks>
internal readonly record struct Gcra(Int128 TicksPerLimit, long Limit)
{
    /// <summary>How far the clock may run ahead: the time in which the whole limit refills.</summary>
    public long Tolerance => (long)TicksPerLimit;

    /// <summary>Requests: <paramref name="burst"/> at once, <paramref name="refillPerSecond"/> in the long run.</summary>
    public static Gcra Requests(int burst, double refillPerSecond)
    {
        // A key that refills less than once in ten years would overflow the clock; ten years is never in practice.
        var seconds = Math.Min(Math.Max(burst, 1) / refillPerSecond, 315_360_000d);
        return new Gcra((Int128)Math.Ceiling(seconds * TimeSpan.TicksPerSecond), Math.Max(burst, 1));
    }

    /// <summary>Tokens: a minute's worth at once.</summary>
    public static Gcra Tokens(long perMinute) => new(TimeSpan.TicksPerMinute, Math.Max(perMinute, 1));

    /// <summary>The clock after using <paramref name="quantity"/> more.</summary>
    public long Advance(long clock, long now, long quantity) => Math.Max(clock, now) + Ticks(quantity);

    /// <summary>How long <paramref name="quantity"/> takes to refill; a negative quantity gives a negative time.</summary>
    public long Ticks(long quantity) => (long)Int128.Clamp(TicksPerLimit * quantity / Limit, -MaxTicks, MaxTicks);

    /// <summary>How much could be used now.</summary>
    public long Remaining(long clock, long now)
    {
        var free = Tolerance - Math.Max(0, clock - now);
        return free <= 0 ? 0 : (long)((Int128)free * Limit / TicksPerLimit);
    }

    // A century: far beyond any lease, and far from overflow.
    private const long MaxTicks = 36_525L * TimeSpan.TicksPerDay;
}
