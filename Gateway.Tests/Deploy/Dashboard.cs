using System.Text.Json.Nodes;

namespace Gateway.Tests.Deploy;

/// <summary>The dashboard for Grafana, as it is in the file.</summary>
internal static class Dashboard
{
    public static JsonNode Document { get; } = DeployFolder.Json(DeployFolder.PathOf("grafana", "gateway.json"));

    /// <summary>Rows and panels, in their order.</summary>
    public static IReadOnlyList<JsonNode> Panels { get; } = [.. Document["panels"]!.AsArray().Select(static panel => panel!)];

    /// <summary>The panels that show something.</summary>
    public static IEnumerable<JsonNode> Shown => Panels.Where(static panel => TypeOf(panel) is not "row");

    /// <summary>All PromQL in it.</summary>
    public static IEnumerable<string> Queries => Shown.SelectMany(static panel => panel["targets"]!.AsArray()).Concat(Document["annotations"]!["list"]!.AsArray())
        .Select(static target => target!["expr"]!.GetValue<string>());

    public static string TypeOf(JsonNode panel) => panel["type"]!.GetValue<string>();

    public static string TitleOf(JsonNode panel) => panel["title"]!.GetValue<string>();
}
