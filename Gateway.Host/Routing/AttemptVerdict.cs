namespace Gateway.Host.Routing;

/// <summary>What an attempt tells about the channel that made it.</summary>
internal enum AttemptVerdict
{
    /// <summary>The channel answered as it should.</summary>
    Success,

    /// <summary>It answered, but with an error of its own (5xx, 401, 403, a broken body) or too late.</summary>
    Failure,

    /// <summary>It could not be connected to, or broke off before it answered: a failure that a good probe outweighs.</summary>
    Unreachable,

    /// <summary>It refused for too many calls (429).</summary>
    RateLimited,

    /// <summary>The client's fault, or the client left: it tells nothing.</summary>
    Neutral,
}
