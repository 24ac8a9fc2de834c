namespace Gateway.Ledger;

/// <summary>What one call used. Cached input and cache writes are inside <see cref="InputTokens"/>, reasoning is inside <see cref="OutputTokens"/>, as OpenAI counts.</summary>
/// <param name="InputTokens">All prompt tokens.</param>
/// <param name="CachedInputTokens">Prompt tokens that the provider read from its cache.</param>
/// <param name="CacheWriteTokens">Prompt tokens that the provider wrote to its cache.</param>
/// <param name="OutputTokens">All completion tokens.</param>
/// <param name="ReasoningTokens">Completion tokens spent on reasoning.</param>
/// <param name="Images">Images made.</param>
public readonly record struct Usage(
    long InputTokens,
    long CachedInputTokens,
    long CacheWriteTokens,
    long OutputTokens,
    long ReasoningTokens,
    long Images = 0)
{
    /// <summary>Prompt plus completion tokens.</summary>
    public long TotalTokens => InputTokens + OutputTokens;
}

/// <summary>Who counted the tokens that a receipt charges.</summary>
public enum CountedBy
{
    /// <summary>Nothing was counted: nothing was used.</summary>
    None,

    /// <summary>The upstream reported its usage.</summary>
    Upstream,

    /// <summary>The input is the upstream's, the output is the gateway's count of what was delivered.</summary>
    UpstreamAndGateway,

    /// <summary>The gateway counted all of it.</summary>
    Gateway,
}
