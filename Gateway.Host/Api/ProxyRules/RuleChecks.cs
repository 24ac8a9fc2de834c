using Gateway.Host.Catalogue;
using Gateway.Host.ProxyRules;
using Gateway.Transforms;

namespace Gateway.Host.Api.ProxyRules;

/// <summary>What a rule must not do to the other rules and to the catalogue, when it is written.</summary>
/// <remarks>A swap back to the model where swaps began is refused: each rule runs once, so it would end somewhere, but hardly where its author means.</remarks>
internal sealed class RuleChecks(RuleSource rules, CatalogueSource catalogue)
{
    /// <summary>What is wrong, field by field.</summary>
    /// <param name="rule">As it would be stored.</param>
    /// <param name="id">Its id; <c>null</c>: it is new.</param>
    /// <param name="workspace">Its tenant.</param>
    public IReadOnlyList<ConfigMistake> Find(SoundRule rule, string? id, string workspace)
    {
        var mistakes = new List<ConfigMistake>();
        foreach (var model in rule.Config.Models)
        {
            if (!IsKnown(model, workspace))
                mistakes.Add(new ConfigMistake(RuleTypes.InConfig(model.Field), $"names the model \"{NameOf(model)}\", which the catalogue does not have."));
        }

        if (mistakes.Count == 0 && rule is { Enabled: true, Config.Swap: { } swap } && FindCycle(swap, OthersOf(rule, id, workspace)) is { } cycle)
        {
            var field = rule.Config.Models.Count > 0 ? rule.Config.Models[0].Field : "";
            mistakes.Add(new ConfigMistake(RuleTypes.InConfig(field), $"closes a cycle of overrides: {string.Join(" -> ", cycle)}."));
        }

        return mistakes;
    }

    private bool IsKnown(NamedModel named, string workspace)
    {
        foreach (var model in catalogue.Current.Models)
        {
            if (model.Workspace is not null && !string.Equals(model.Workspace, workspace, StringComparison.Ordinal))
                continue;
            var isProviders = named.Provider is null || string.Equals(named.Provider, model.Provider, StringComparison.Ordinal);
            if (isProviders && (string.Equals(named.Model, model.Name, StringComparison.Ordinal) || string.Equals(named.Model, model.Id, StringComparison.Ordinal)))
                return true;
        }

        return false;
    }

    // A rule with a tag meets requests with that tag, on which the rules without one run too.
    private IEnumerable<ModelSwap> OthersOf(SoundRule rule, string? id, string workspace)
    {
        var stored = rules.StoredOf(workspace).Where(other => !string.Equals(other.Id, id, StringComparison.Ordinal)).Select(static other => other.Rule);
        var configured = rules.Configured.Where(other => other.IsFor(workspace)).Select(static other => other.Rule);
        foreach (var other in stored.Concat(configured))
        {
            if (other is { Enabled: true, Config.Swap: { } swap } && (rule.Tags.Count == 0 || other.Tags.Count == 0 || other.Tags.Intersect(rule.Tags, StringComparer.Ordinal).Any()))
                yield return swap;
        }
    }

    // A walk over the swaps, each of which is taken once.
    private List<string>? FindCycle(ModelSwap swap, IEnumerable<ModelSwap> others)
    {
        var next = others.ToLookup(static other => other.From, static other => other.To, StringComparer.Ordinal);
        var cameFrom = new Dictionary<string, string>(StringComparer.Ordinal);
        var waiting = new Queue<string>([swap.To]);
        while (waiting.TryDequeue(out var model))
        {
            foreach (var to in NamesOf(model).SelectMany(name => next[name]))
            {
                if (string.Equals(to, swap.To, StringComparison.Ordinal) || !cameFrom.TryAdd(to, model))
                    continue;
                if (NamesOf(to).Contains(swap.From, StringComparer.Ordinal))
                    return PathOf(swap, to, cameFrom);
                waiting.Enqueue(to);
            }
        }

        return null;
    }

    private static List<string> PathOf(ModelSwap swap, string last, Dictionary<string, string> cameFrom)
    {
        var path = new List<string>();
        for (var model = last; !string.Equals(model, swap.To, StringComparison.Ordinal); model = cameFrom[model])
            path.Add(model);
        path.Add(swap.To);
        path.Add(swap.From);
        path.Reverse();
        return path;
    }

    // What a fromModel may call this model.
    private IEnumerable<string> NamesOf(string model)
    {
        yield return model;
        if (catalogue.Current.Identify(model, provider: null) is not { } id)
            yield break;
        yield return id;
        yield return id[(id.IndexOf('/', StringComparison.Ordinal) + 1)..];
    }

    private static string NameOf(NamedModel model) => model.Provider is { } provider ? $"{provider}/{model.Model}" : model.Model;
}
