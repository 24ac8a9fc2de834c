namespace Gateway.Ledger;

/// <summary>What one call used. Cached input and cache writes are inside <see cref="InputTokens"/>, reasoning is inside <see cref="OutputTokens"/>, as OpenAI counts.</summary>
/// <param name="InputTokens">All prompt tokens.</param>
/// <param name="CachedInputTokens">Prompt tokens that the provider read from its cache.</param>
/// <param name="CacheWriteTokens">Prompt tokens that the provider wrote to its cache.</param>
/// <param name="OutputTokens">All completion tokens.</param>
/// <param name="ReasoningTokens">Completion tokens spent on reasoning.</param>
/// <param name="Images">Images made.</param>
/// <param name="AudioMilliseconds">Sound that was listened to. Unit: milliseconds.</param>
/// <param name="Characters">Text that was spoken. Unit: characters (Unicode scalar values).</param>
public readonly record struct Usage(
    long InputTokens,
    long CachedInputTokens,
    long CacheWriteTokens,
    long OutputTokens,
    long ReasoningTokens,
    long Images = 0,
    long AudioMilliseconds = 0,
    long Characters = 0)
{
    /// <summary>Prompt plus completion tokens.</summary>
    public long TotalTokens => InputTokens + OutputTokens;

    /// <summary>What two calls used.</summary>
    public static Usage operator +(in Usage left, in Usage right) => new(
        left.InputTokens + right.InputTokens,
        left.CachedInputTokens + right.CachedInputTokens,
        left.CacheWriteTokens + right.CacheWriteTokens,
        left.OutputTokens + right.OutputTokens,
        left.ReasoningTokens + right.ReasoningTokens,
        left.Images + right.Images,
        left.AudioMilliseconds + right.AudioMilliseconds,
        left.Characters + right.Characters);
}

/// <summary>The most that one call can use, known before it is made.</summary>
/// <param name="InputTokens">Prompt tokens.</param>
/// <param name="OutputTokens">Completion tokens of one choice.</param>
/// <param name="Choices">How many choices are asked for.</param>
/// <param name="Images">Images, all together.</param>
/// <param name="AudioMilliseconds">Sound. Unit: milliseconds.</param>
/// <param name="Characters">Text to be spoken. Unit: characters (Unicode scalar values).</param>
public readonly record struct UsageBound(
    long InputTokens,
    long OutputTokens,
    int Choices,
    long Images = 0,
    long AudioMilliseconds = 0,
    long Characters = 0);

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
