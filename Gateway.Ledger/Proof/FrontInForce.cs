namespace Gateway.Ledger.Proof;

/// <summary>The row of the book that says which front is in force.</summary>
internal sealed record FrontInForce
{
    public required long Epoch { get; init; }

    public required string Front { get; init; }

    public required string Phase { get; init; }

    /// <summary>Whether the front is Redis; else it is rows of the book.</summary>
    public bool IsRedis => Front is "redis";

    /// <summary>Whether the front takes calls; else an epoch is being opened, which takes some seconds at most.</summary>
    public bool IsOpen => Phase is "open";
}
