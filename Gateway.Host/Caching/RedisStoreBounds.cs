namespace Gateway.Host.Caching;

/// <summary>The bounds of <see cref="RedisAnswerStore"/>.</summary>
internal sealed record RedisStoreBounds
{
    /// <summary>Longest wait for a lookup. Default 50 ms.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Longest wait for a write, which no client waits for. Default 1 s.</summary>
    public TimeSpan WritePatience { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Most of a workspace. Unit: bytes. Default 64 MiB.</summary>
    public long WorkspaceBytes { get; init; } = 64L << 20;

    /// <summary>Most questions of a partition; the oldest go first. Default 2,000.</summary>
    public int MaxQuestions { get; init; } = 2_000;
}
