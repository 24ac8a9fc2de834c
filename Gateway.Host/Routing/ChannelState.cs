namespace Gateway.Host.Routing;

/// <summary>Whether calls go to a channel's upstream model.</summary>
internal enum CircuitPhase
{
    /// <summary>They do.</summary>
    Closed,

    /// <summary>They do not, for the time being.</summary>
    Open,

    /// <summary>One may, to find out.</summary>
    HalfOpen,
}

/// <summary>The health of one upstream model of one channel at one moment.</summary>
/// <param name="ChannelId">The channel.</param>
/// <param name="Model">The name that goes upstream.</param>
/// <param name="Phase">Whether calls go there.</param>
/// <param name="OpenUntil">When one call may try again; <c>null</c>: it is closed.</param>
/// <param name="Failures">Failed calls since the last that did not fail.</param>
internal sealed record ChannelState(string ChannelId, string Model, CircuitPhase Phase, DateTimeOffset? OpenUntil, int Failures);

/// <summary>How many pairs of channel and upstream model are in each phase, over all channels that are used.</summary>
internal readonly record struct RoutingSummary(int Closed, int HalfOpen, int Open)
{
    /// <summary>Whether any pair is out of rotation or on trial.</summary>
    public bool IsDegraded => HalfOpen + Open > 0;
}
