using System.Text.Json.Nodes;
using Gateway.Host.Api;
using Gateway.Host.Settings;

namespace Gateway.Host.ProxyRules;

/// <summary>A rule that configuration declares.</summary>
/// <param name="Id">From its name.</param>
/// <param name="Workspace">The only tenant that it is for; <c>null</c>: all.</param>
/// <param name="Place">Its place in the configuration, which is its age among its equals.</param>
/// <param name="Rule">The rule.</param>
internal sealed record ConfiguredRule(string Id, string? Workspace, int Place, SoundRule Rule)
{
    /// <summary>Whether it is for this workspace.</summary>
    public bool IsFor(string workspace) => Workspace is null || string.Equals(Workspace, workspace, StringComparison.Ordinal);
}

/// <summary>Reads <c>Rules__N__…</c>: the field names, limits and messages are those of REST, and <c>workspace</c> limits a rule to one tenant.</summary>
internal static class ConfiguredRules
{
    /// <summary>The most rules, stored ones aside.</summary>
    public const int Most = 1_000;

    /// <summary>The rules in their order.</summary>
    /// <exception cref="SettingException">The first mistake.</exception>
    public static IReadOnlyList<ConfiguredRule> Read(IConfiguration configuration, RuleTypes types)
    {
        var rules = new List<ConfiguredRule>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in ConfiguredList.Items(configuration, "Rules"))
        {
            if (rules.Count == Most)
                throw new SettingException(item.Path, $"is one more than {Most} rules.");

            var workspace = TakeWorkspace(item);
            var fields = item.Read<RuleFields>(item.Json);
            var rule = types.Read(fields, isText: true, out var mistakes);
            if (rule is null)
                throw item.Mistake(mistakes[0].Field, mistakes[0].Message);

            var id = ConfiguredList.IdOf("rule_", fields.Name!); // not null: it is sound
            if (!ids.Add(id))
                throw item.Mistake("name", $"\"{fields.Name}\" is the name of another rule.");
            rules.Add(new ConfiguredRule(id, workspace, rules.Count, rule));
        }

        return rules;
    }

    // REST has no such field: there the caller says the workspace.
    private static string? TakeWorkspace(ConfiguredItem item)
    {
        if (item.Json is not JsonObject node || node.FirstOrDefault(static field => field.Key.Equals("workspace", StringComparison.OrdinalIgnoreCase)).Key is not { } key)
            return null;

        var workspace = node[key] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
        node.Remove(key);
        return NameShapes.WorkspaceId(workspace) ? workspace : throw item.Mistake("workspace", NameShapes.WorkspaceMessage);
    }
}
