using System.Collections.Frozen;
using Gateway.Transforms;

namespace Gateway.Host.ProxyRules;

/// <summary>The rules in force, a set for each workspace: read by the request path, swapped whole when one changes.</summary>
internal sealed class RuleSource(RuleTypes types)
{
    private readonly FrozenDictionary<string, RuleSet> current = FrozenDictionary<string, RuleSet>.Empty;

    /// <summary>The rule types that there are.</summary>
    public RuleTypes Types => types;

    /// <summary>The rules of a workspace; a request keeps the set that it started with.</summary>
    public RuleSet Of(string workspace) => current.GetValueOrDefault(workspace) ?? RuleSet.Empty;
}
