namespace Gateway.Transforms;

/// <summary>All rules of a workspace that are in force, in the order in which they run: immutable, swapped whole.</summary>
/// <remarks>A request pays for the rules that match it, not for those that there are: they are kept by tag.</remarks>
public sealed class RuleSet
{
    private readonly CompiledRule[] _untagged;

    // Never changed after the constructor. Not frozen: a set is made anew at each change, and freezing 10,000 tags takes longer than all the rest of it.
    private readonly Dictionary<string, CompiledRule[]> _byTag;

    /// <param name="rules">In any order.</param>
    /// <param name="settings">What the workspace says beside them.</param>
    public RuleSet(IEnumerable<CompiledRule> rules, RuleSettings settings)
    {
        Settings = settings;
        CompiledRule[] ordered =
        [
            .. rules.OrderBy(static rule => rule.Phase).ThenBy(static rule => rule.TypeOrder).ThenBy(static rule => rule.Priority)
                .ThenBy(static rule => rule.CreatedAt).ThenBy(static rule => rule.Id, StringComparer.Ordinal)
                .Select(static (rule, place) => rule with { Place = place }),
        ];
        _untagged = [.. ordered.Where(static rule => rule.Tags.Count == 0)];
        _byTag = ordered.SelectMany(static rule => rule.Tags.Distinct(StringComparer.Ordinal).Select(tag => (tag, rule)))
            .GroupBy(static pair => pair.tag, static pair => pair.rule, StringComparer.Ordinal)
            .ToDictionary(static group => group.Key, static group => group.ToArray(), StringComparer.Ordinal);
    }

    /// <summary>No rule.</summary>
    public static RuleSet Empty { get; } = new([], RuleSettings.Default);

    /// <summary>What the workspace says beside the rules.</summary>
    public RuleSettings Settings { get; }

    /// <summary>The rules for a request with these tags, in their order.</summary>
    public IReadOnlyList<CompiledRule> Match(IReadOnlyList<string> tags)
    {
        if (tags.Count == 0 || _byTag.Count == 0)
            return _untagged;

        List<CompiledRule>? matched = null;
        for (var i = 0; i < tags.Count; i++)
        {
            if (_byTag.TryGetValue(tags[i], out var tagged))
                (matched ??= []).AddRange(tagged);
        }

        if (matched is null)
            return _untagged;

        // A rule with several tags may have come by more than one.
        matched.AddRange(_untagged);
        matched.Sort(static (left, right) => left.Place.CompareTo(right.Place));
        var kept = 0;
        for (var i = 0; i < matched.Count; i++)
        {
            if (i == 0 || !ReferenceEquals(matched[i], matched[i - 1]))
                matched[kept++] = matched[i];
        }

        matched.RemoveRange(kept, matched.Count - kept);
        return matched;
    }
}
