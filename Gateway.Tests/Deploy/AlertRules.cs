using YamlDotNet.RepresentationModel;

namespace Gateway.Tests.Deploy;

/// <summary>One rule of <c>alerts.yaml</c>.</summary>
/// <param name="Name">The alert, or the series that is recorded.</param>
/// <param name="IsAlert">Whether it is an alert.</param>
/// <param name="Query">Its PromQL.</param>
/// <param name="Severity">Of an alert.</param>
/// <param name="Annotations">Of an alert.</param>
internal sealed record AlertRule(string Name, bool IsAlert, string Query, string? Severity, IReadOnlyDictionary<string, string> Annotations);

/// <summary>The rules for Prometheus, as they are in the file.</summary>
internal static class AlertRules
{
    public static string File { get; } = DeployFolder.PathOf("prometheus", "alerts.yaml");

    public static IReadOnlyList<AlertRule> All { get; } =
        [.. DeployFolder.Yaml(File).Items("groups").SelectMany(static group => group.Items("rules")).Select(Read)];

    public static IEnumerable<AlertRule> Alerts => All.Where(static rule => rule.IsAlert);

    private static AlertRule Read(YamlNode rule)
    {
        var members = ((YamlMappingNode)rule).Children;
        var annotations = members.TryGetValue("annotations", out var given) ? (YamlMappingNode)given : new YamlMappingNode();
        return new AlertRule(
            rule.Text("alert") ?? rule.Text("record")!,
            rule.Text("alert") is not null,
            rule.Text("expr")!,
            members.TryGetValue("labels", out var labels) ? labels.Text("severity") : null,
            annotations.Children.ToDictionary(static pair => ((YamlScalarNode)pair.Key).Value!, static pair => ((YamlScalarNode)pair.Value).Value!, StringComparer.Ordinal));
    }
}
