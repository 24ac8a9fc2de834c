using System.Text.Json.Serialization;

namespace Gateway.Transforms.Providers;

/// <summary>The API that an upstream speaks.</summary>
public enum UpstreamApi
{
    /// <summary>OpenAI's: bodies pass as they are, whatever the call.</summary>
    [JsonStringEnumMemberName("openai")]
    OpenAi,

    /// <summary>Anthropic's Messages API.</summary>
    Anthropic,

    /// <summary>Google's Gemini API (<c>generateContent</c>).</summary>
    Gemini,
}
