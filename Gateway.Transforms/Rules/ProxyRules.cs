namespace Gateway.Transforms.Rules;

/// <summary>The rule types, in the order in which they run.</summary>
/// <remarks>To add one: its file in this folder, and one line here. REST, configuration, schema, dry run and receipts follow from it.</remarks>
public static class ProxyRules
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<IRuleType> All { get; } =
    [
        ModelOverride.Type,
        MaxTokensCap.Type,
        ContextTrim.Type,
        Compress.Type,
        CacheEnable.Type,
        FallbackChain.Type,
    ];
}
