using System.Text.Json;

namespace Gateway.Transforms.Providers.Gemini;

/// <content>How much a model thinks: https://ai.google.dev/gemini-api/docs/openai#thinking and https://ai.google.dev/gemini-api/docs/thinking.</content>
internal sealed partial class ChatRequestWriter
{
    // Base64 that stands for the signature of a call which no Gemini model made: https://ai.google.dev/gemini-api/docs/thought-signatures#faqs
    private static ReadOnlySpan<byte> NoSignature => "skip_thought_signature_validator"u8;

    // Models since Gemini 3 take a level and demand signatures; those before take a budget of tokens.
    private bool HasBudget =>
        target.UpstreamModel.StartsWith("gemini-2", StringComparison.Ordinal) || target.UpstreamModel.StartsWith("gemini-1", StringComparison.Ordinal);

    private bool DemandsSignatures => target.UpstreamModel.StartsWith("gemini-", StringComparison.Ordinal) && !HasBudget;

    private bool TryWriteThinking()
    {
        if (!Member("reasoning_effort", out var effort))
            return true;

        (int Budget, string Level)? thinking = (effort.ValueKind is JsonValueKind.String ? effort.GetString() : null) switch
        {
            "none" => (0, "minimal"),
            "minimal" => (1_024, "minimal"),
            "low" => (1_024, "low"),
            "medium" => (8_192, "medium"),
            "high" => (24_576, "high"),
            _ => null,
        };
        if (thinking is not { } chosen)
            return Refuse("reasoning_effort", "must be none, minimal, low, medium or high for a Gemini model.");

        json.WriteStartObject("thinkingConfig"u8);
        if (HasBudget)
            json.WriteNumber("thinkingBudget"u8, chosen.Budget);
        else
            json.WriteString("thinkingLevel"u8, chosen.Level);
        json.WriteEndObject();
        return true;
    }

    // Google's own place for a signature in OpenAI's shape is extra_content.google.thought_signature of the call.
    private void WriteSignature(JsonElement call, bool isFirst)
    {
        if (call.Has("extra_content"u8, out var extra) && extra.Has("google"u8, out var google) && google.Has("thought_signature"u8, out var signature)
            && signature.ValueKind is JsonValueKind.String)
        {
            json.WriteRaw("thoughtSignature"u8, signature);
        }
        else if (isFirst && DemandsSignatures)
        {
            // Of calls made side by side only the first is signed.
            json.WriteString("thoughtSignature"u8, NoSignature);
        }
    }
}
