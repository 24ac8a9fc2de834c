using System.Collections.Frozen;
using Gateway.Transforms;
using Gateway.Transforms.Compression;

namespace Gateway.Host.ProxyRules;

/// <summary>What is stored of one workspace, and from it the set of its rules. Not thread-safe: <see cref="RuleSource"/> has the lock.</summary>
internal sealed class WorkspaceRules
{
    private readonly Dictionary<string, StoredRule> rules = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TagDocument> tags = new(StringComparer.Ordinal);

    /// <summary>The rules, those that are not in force too.</summary>
    public IReadOnlyDictionary<string, StoredRule> Rules => rules;

    /// <summary>What the workspace says; <c>null</c>: nothing.</summary>
    public WorkspaceFields? Settings { get; set; }

    /// <summary>Whether nothing is left of it.</summary>
    public bool IsEmpty => rules.Count == 0 && tags.Count == 0 && Settings is null;

    public void Put(StoredRule rule) => rules[rule.Id] = rule;

    public void RemoveRule(string id) => rules.Remove(id);

    public void Put(string id, TagDocument tag) => tags[id] = tag;

    public void RemoveTag(string id) => tags.Remove(id);

    /// <summary>The set, with what configuration declares for the workspace.</summary>
    /// <param name="configured">Compiled.</param>
    /// <param name="compressByDefault">Makes the rule that stands for the workspace's and the tags' own strengths; <c>null</c> from it: none.</param>
    public RuleSet Build(IEnumerable<CompiledRule> configured, Func<RuleSettings, CompiledRule?> compressByDefault)
    {
        var settings = BuildSettings();
        var all = rules.Values.Where(static rule => rule.Compiled is not null).Select(static rule => rule.Compiled!).Concat(configured); // not null: the filter saw it
        return new RuleSet(compressByDefault(settings) is { } standing ? all.Append(standing) : all, settings);
    }

    private RuleSettings BuildSettings() => new()
    {
        CompressionEnabled = Settings?.Compression?.Enabled ?? true,
        DefaultStrength = Settings?.Compression?.Strength ?? Strength.Off,
        TagStrengths = tags.Values.ToFrozenDictionary(static tag => tag.Tag, static tag => tag.Fields.Compression ?? Strength.Off, StringComparer.Ordinal),
        ShadowRate = (double)(Settings?.ShadowRate ?? 0),
    };
}
