namespace Gateway.Host.Catalogue;

/// <summary>When a channel is taken out of rotation, for each of its upstream models apart.</summary>
internal sealed record ChannelBreaker
{
    /// <summary>The share of failed calls that opens it. 0.05 to 1. Default 0.5.</summary>
    public double FailureRatio { get; init; } = 0.5;

    /// <summary>Fewer calls than this in the window open nothing. 2 to 1,000. Default 5.</summary>
    public int MinimumCalls { get; init; } = 5;

    /// <summary>How far back calls count. 500 ms to 10 min. Default 10 s.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long it stays open before one call may try. 500 ms to 10 min. Default 5 s.</summary>
    public TimeSpan Break { get; init; } = TimeSpan.FromSeconds(5);
}
