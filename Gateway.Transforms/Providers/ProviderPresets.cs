using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers;

/// <summary>The providers that are known by name.</summary>
public static class ProviderPresets
{
    /// <summary>What is assumed of a provider that nobody described: OpenAI's API under the paths of OpenAI.</summary>
    public static ProviderPreset Compatible { get; } = new() { Name = "openai-compatible" };

    /// <summary>The preset of this name; <c>null</c>: there is none.</summary>
    public static ProviderPreset? Find(string name) => name switch
    {
        "openai-compatible" => Compatible,
        "openai" or "azure" or "demo" => new ProviderPreset { Name = name, OutputLimitField = OutputLimitField.MaxCompletionTokens },
        _ => null,
    };
}
