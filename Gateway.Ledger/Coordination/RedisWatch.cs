using Gateway.Ledger.Front;

namespace Gateway.Ledger.Coordination;

/// <summary>What this gateway knows of Redis from its probes.</summary>
internal sealed class RedisWatch(TimeProvider time, TimeSpan awayFor)
{
    private FrontProbe? last;
    private long changedAt = -1;

    /// <summary>Whether the last probe was answered.</summary>
    public bool Answers => last is not null;

    /// <summary>Whether it is there; <c>false</c> only once it has been away for a while; <c>null</c>: it went away just now.</summary>
    public bool? IsOk => last is not null ? true : changedAt >= 0 && time.GetElapsedTime(changedAt) >= awayFor ? false : null;

    /// <summary>How long it has been there without a break.</summary>
    public TimeSpan OkFor => last is not null ? time.GetElapsedTime(changedAt) : TimeSpan.Zero;

    /// <summary>The run ids of its servers.</summary>
    public string? Life => last?.Life;

    /// <summary>The epoch that it is in.</summary>
    public long? Epoch => last?.Epoch;

    public void Answered(FrontProbe probe)
    {
        if (last is null)
            changedAt = time.GetTimestamp();
        last = probe;
    }

    public void Failed()
    {
        if (last is not null || changedAt < 0)
            changedAt = time.GetTimestamp();
        last = null;
    }
}
