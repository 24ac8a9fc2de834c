namespace Gateway.Ledger.Front.InProcess;

/// <summary>A hold in flight as the front keeps it. Guarded by the account's lock.</summary>
internal sealed class LiveHold(Hold hold, KeyState key, BucketState[] buckets, DateOnly admitted, long tokensCharged, long leaseEnds)
{
    public Hold Hold { get; } = hold;

    public KeyState Key { get; } = key;

    /// <summary>The buckets of <see cref="Ledger.Hold.Split"/>, in the same order.</summary>
    public BucketState[] Buckets { get; } = buckets;

    /// <summary>The day whose budget periods it counts in.</summary>
    public DateOnly Admitted { get; } = admitted;

    /// <summary>What the token clock was advanced by.</summary>
    public long TokensCharged { get; } = tokensCharged;

    /// <summary>On the monotonic clock, in ticks.</summary>
    public long LeaseEnds { get; set; } = leaseEnds;

    /// <summary>What a reaper charges. Unit: nano-credits.</summary>
    public long Checkpoint { get; set; }
}
