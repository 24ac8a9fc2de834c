namespace Gateway.Ledger.Front.InProcess;

/// <summary>A hold in flight as the front keeps it. Guarded by the account's lock.</summary>
internal sealed class LiveHold(KeyState key, Spending? member, DateOnly admitted, long tokensCharged, long leaseEnds)
{
    public required Hold Hold { get; set; }

    /// <summary>The buckets of <see cref="Ledger.Hold.Split"/>, in the same order.</summary>
    public required BucketState[] Buckets { get; set; }

    public KeyState Key { get; } = key;

    /// <summary>The member who owns the key; <c>null</c>: nobody.</summary>
    public Spending? Member { get; } = member;

    /// <summary>The day whose budget periods it counts in.</summary>
    public DateOnly Admitted { get; } = admitted;

    /// <summary>What the token clock was advanced by.</summary>
    public long TokensCharged { get; } = tokensCharged;

    /// <summary>On the monotonic clock, in ticks.</summary>
    public long LeaseEnds { get; set; } = leaseEnds;

    /// <summary>What a reaper charges. Unit: nano-credits.</summary>
    public long Checkpoint { get; set; }
}
