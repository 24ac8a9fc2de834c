namespace Gateway.Ledger.Front.Redis;

/// <summary>Says which shards a sweep has to ask for expired leases. A shard without any cannot have one before a lease that begins now is over.</summary>
/// <param name="time">The clock.</param>
/// <param name="lease">How long this gateway's leases are. Another gateway's may be shorter, so no shard rests longer than <see cref="LongestRest"/>.</param>
internal sealed class LeaseRounds(TimeProvider time, TimeSpan lease)
{
    /// <summary>How long a shard rests at most.</summary>
    internal static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(15);

    private readonly TimeSpan rest = lease < LongestRest ? lease : LongestRest;
    private readonly long origin = time.GetTimestamp();
    private readonly long[] due = new long[RedisShard.Count];

    /// <summary>The moment, for <see cref="IsDue"/> and <see cref="Asked"/>. Unit: ticks.</summary>
    public long Now => time.GetElapsedTime(origin).Ticks;

    /// <summary>Whether a lease of the shard may be over.</summary>
    public bool IsDue(RedisShard shard, long now) => Volatile.Read(ref due[shard.Number]) <= now;

    /// <summary>The shard was asked.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="at">A moment before it was asked.</param>
    /// <param name="next">When the next of its leases ends, from then on; <c>null</c>: it has none.</param>
    public void Asked(RedisShard shard, long at, TimeSpan? next) =>
        Volatile.Write(ref due[shard.Number], at + (next < rest ? next.Value : rest).Ticks);
}
