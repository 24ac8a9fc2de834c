namespace Gateway.Ledger.Front.Redis;

/// <summary>Says when the streams of all shards are to be looked through: what others left appears when a gateway goes, or when this one reaps.</summary>
internal sealed class ClaimRounds(TimeProvider time)
{
    /// <summary>How long it rests at most: what came and went between two heartbeats is found then.</summary>
    internal static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(30);

    private IReadOnlySet<string>? cleanWith;
    private long cleanAt;
    private int reaped;

    /// <summary>This gateway has reaped: its entry has no gateway that records it.</summary>
    public void Reaped() => Volatile.Write(ref reaped, 1);

    /// <summary>Whether there may be something to claim.</summary>
    public bool IsDue(IReadOnlySet<string> live) =>
        Volatile.Read(ref reaped) != 0 || cleanWith is null || time.GetElapsedTime(cleanAt) >= LongestRest || !cleanWith.SetEquals(live);

    /// <summary>A look begins; until it has ended with nothing found, the next one is due.</summary>
    public void Begin()
    {
        Volatile.Write(ref reaped, 0);
        cleanWith = null;
    }

    /// <summary>Every shard was looked at and nothing was found.</summary>
    public void Clean(IReadOnlySet<string> live)
    {
        cleanWith = live;
        cleanAt = time.GetTimestamp();
    }
}
