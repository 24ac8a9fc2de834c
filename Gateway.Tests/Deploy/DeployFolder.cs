using System.Text.Json.Nodes;
using YamlDotNet.RepresentationModel;

namespace Gateway.Tests.Deploy;

/// <summary>The folder <c>deploy</c> of this checkout.</summary>
internal static class DeployFolder
{
    /// <summary>Where it is.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../deploy"));

    /// <summary>The checkout, to which a runbook's address is relative.</summary>
    public static string Checkout => Path.GetDirectoryName(Root)!;

    public static string PathOf(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);

    /// <summary>All YAML files.</summary>
    public static IEnumerable<string> YamlFiles() => Directory.EnumerateFiles(Root, "*.yaml", SearchOption.AllDirectories);

    /// <summary>The one document of a YAML file.</summary>
    public static YamlMappingNode Yaml(string path)
    {
        var yaml = new YamlStream();
        using var text = new StreamReader(path);
        yaml.Load(text);
        return (YamlMappingNode)yaml.Documents.Single().RootNode;
    }

    public static JsonNode Json(string path) => JsonNode.Parse(File.ReadAllText(path))!;

    /// <summary>A member's text; <c>null</c>: there is none.</summary>
    public static string? Text(this YamlNode node, string name) => ((YamlMappingNode)node).Children.TryGetValue(name, out var value) ? ((YamlScalarNode)value).Value : null;

    /// <summary>A member's items; none where there is no such member.</summary>
    public static IEnumerable<YamlNode> Items(this YamlNode node, string name) =>
        ((YamlMappingNode)node).Children.TryGetValue(name, out var value) ? ((YamlSequenceNode)value).Children : [];
}
