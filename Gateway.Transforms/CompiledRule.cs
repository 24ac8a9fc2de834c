namespace Gateway.Transforms;

/// <summary>A rule that is in force.</summary>
/// <param name="Id">The rule's id.</param>
/// <param name="Type">The name of its type.</param>
/// <param name="Phase">When it runs.</param>
/// <param name="Rule">What it does.</param>
public sealed record CompiledRule(string Id, string Type, RulePhase Phase, IProxyRule Rule)
{
    /// <summary>Any of them matches; none: every request matches.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Lower runs first within the type.</summary>
    public int Priority { get; init; }

    /// <summary>Among equals the older runs first.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The place of the type in the list of types.</summary>
    public int TypeOrder { get; init; }

    /// <summary>The place in the order of a <see cref="RuleSet"/>, which sets it.</summary>
    internal int Place { get; init; }
}
