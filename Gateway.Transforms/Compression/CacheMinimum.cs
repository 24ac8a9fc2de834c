using Gateway.Transforms.Tokens;

namespace Gateway.Transforms.Compression;

/// <summary>The shortest prompt prefix that a provider caches. A prefix that compression takes below it costs more than it saves.</summary>
/// <remarks>
/// https://platform.openai.com/docs/guides/prompt-caching and https://docs.claude.com/en/docs/build-with-claude/prompt-caching. Unit: tokens of the
/// provider's own count, which ours is near to (<see cref="ModelEncoding"/>).
/// </remarks>
internal static class CacheMinimum
{
    private const int Default = 1_024;

    // The first match wins.
    private static readonly (string Prefix, int Tokens)[] Claude =
    [
        ("claude-3-haiku", 2_048),
        ("claude-3-5-haiku", 2_048),
        ("claude-3.5-haiku", 2_048),
        ("claude-haiku-3", 2_048),
        ("claude-haiku-", 4_096),
        ("claude-opus-4-5", 4_096),
        ("claude-opus-4.5", 4_096),
        ("claude-opus-4-6", 4_096),
        ("claude-opus-4.6", 4_096),
        ("claude-sonnet-4-6", 2_048),
        ("claude-sonnet-4.6", 2_048),
    ];

    /// <summary>The minimum of a model, by its upstream name. Unit: tokens. One that is not known has OpenAI's.</summary>
    public static int For(string model)
    {
        var name = ModelEncoding.Family(model);
        foreach (var (prefix, tokens) in Claude)
            if (name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)) return tokens;
        return Default;
    }

    /// <summary>True if a prefix of <paramref name="before"/> tokens may be cached and one of <paramref name="after"/> may not, whichever way our count is off.</summary>
    public static bool Falls(string model, long before, long after) =>
        before * ModelEncoding.For(model).FactorPercent / 100 >= For(model) && after < For(model);
}
