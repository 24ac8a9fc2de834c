using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Transforms.Providers;

/// <summary>The providers that are known by name: <c>presets.json</c>, read once.</summary>
public static class ProviderPresets
{
    private const string File = "Providers/presets.json";

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        PropertyNameCaseInsensitive = false,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    private static readonly FrozenDictionary<string, ProviderPreset> ByName;

    static ProviderPresets()
    {
        using var stream = typeof(ProviderPresets).Assembly.GetManifestResourceStream(File) ?? throw new InvalidOperationException($"No embedded file {File}.");
        All = JsonSerializer.Deserialize<ProviderPreset[]>(stream, Options) ?? throw new JsonException($"{File} is null.");
        ByName = All.ToFrozenDictionary(static preset => preset.Name, StringComparer.Ordinal);
        Compatible = ByName["openai-compatible"];
    }

    /// <summary>All of them, in the order of the file.</summary>
    public static IReadOnlyList<ProviderPreset> All { get; }

    /// <summary>What is assumed of a provider that nobody described: OpenAI's API under the paths of OpenAI.</summary>
    public static ProviderPreset Compatible { get; }

    /// <summary>The preset of this name; <c>null</c>: there is none.</summary>
    public static ProviderPreset? Find(string name) => ByName.GetValueOrDefault(name);
}
