using Gateway.Transforms;

namespace Gateway.Host.Telemetry;

/// <summary>The conventions' words for what the gateway calls otherwise.</summary>
/// <remarks>Source: docs/gen-ai/gen-ai-spans.md of open-telemetry/semantic-conventions-genai (status: development).</remarks>
internal static class GenAi
{
    /// <summary>Whether the names that the conventions are about to change to are used (<c>OTEL_SEMCONV_STABILITY_OPT_IN</c> holds <c>gen_ai_latest_experimental</c>).</summary>
    public static readonly bool UsesLatest = OptsIn(Environment.GetEnvironmentVariable("OTEL_SEMCONV_STABILITY_OPT_IN"));

    /// <summary>Whether prompts and answers are put on spans (<c>OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT</c> is <c>true</c>). Off by default: they are the customers'.</summary>
    public static readonly bool CapturesContent =
        string.Equals(Environment.GetEnvironmentVariable("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"), "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>The attribute of tokens that a prompt cache was charged for taking in.</summary>
    public static string CacheWriteTokens => UsesLatest ? TelemetryNames.CacheWriteTokens : TelemetryNames.CacheCreationTokens;

    /// <summary><c>gen_ai.operation.name</c> of a kind of call.</summary>
    public static string OperationOf(CallKind kind)
    {
        if (kind == CallKind.Chat || kind == CallKind.Responses || kind == CallKind.Messages)
            return "chat";
        if (kind == CallKind.Completion)
            return "text_completion";
        if (kind == CallKind.Embedding)
            return "embeddings";
        return kind == CallKind.Moderation ? "moderation" : "generate_content";
    }

    /// <summary><c>gen_ai.output.type</c> of a kind of call; <c>null</c>: text.</summary>
    public static string? OutputOf(CallKind kind) => kind == CallKind.Image ? "image" : kind == CallKind.Speech ? "speech" : null;

    /// <summary><c>gen_ai.provider.name</c> of a provider's preset; one that the conventions do not know keeps the operator's name.</summary>
    public static string ProviderOf(string preset, string provider) => preset switch
    {
        "openai" => "openai",
        "azure" => "azure.ai.openai",
        "anthropic" => "anthropic",
        "gemini" => "gcp.gemini",
        "mistral" => "mistral_ai",
        "xai" => "x_ai",
        "deepseek" => "deepseek",
        "groq" => "groq",
        _ => provider,
    };

    internal static bool OptsIn(string? value) =>
        value is not null && value.Split(',', StringSplitOptions.TrimEntries).Contains("gen_ai_latest_experimental", StringComparer.Ordinal);
}
