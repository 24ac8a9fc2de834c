using System.Collections.Frozen;
using Gateway.Transforms;

namespace Gateway.Host.ProxyRules;

/// <summary>The rule types of this gateway, by name, in the order in which they run.</summary>
internal sealed class RuleTypes
{
    private readonly FrozenDictionary<string, (IRuleType Type, int Order)> byName;

    public RuleTypes(IEnumerable<IRuleType> types)
    {
        All = [.. types];
        byName = All.Select(static (type, order) => (type, order)).ToFrozenDictionary(static pair => pair.type.Name, static pair => pair, StringComparer.Ordinal);
    }

    /// <summary>All of them.</summary>
    public IReadOnlyList<IRuleType> All { get; }

    /// <summary>The type with this name and its place; <c>null</c>: there is none.</summary>
    public (IRuleType Type, int Order)? Find(string? name) => name is not null && byName.TryGetValue(name, out var found) ? found : null;
}
