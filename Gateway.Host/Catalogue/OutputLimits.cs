using Gateway.Transforms.Bodies;

namespace Gateway.Host.Catalogue;

/// <summary>Where a provider expects an output limit that the client did not set.</summary>
internal static class OutputLimits
{
    /// <summary>OpenAI's newer models refuse <c>max_tokens</c>; most others know nothing else.</summary>
    public static OutputLimitField FieldOf(Channel channel) =>
        channel.Provider is "openai" or "azure" or "demo" ? OutputLimitField.MaxCompletionTokens : OutputLimitField.MaxTokens;
}
