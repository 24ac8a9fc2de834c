using System.Text.Json;

namespace Gateway.Transforms.Bodies;

/// <summary>How an answer ended: what decides whether it may be given to another request.</summary>
/// <param name="FinishReason">The first choice's; <c>null</c>: none.</param>
/// <param name="HasToolCalls">Whether a choice calls a tool or a function.</param>
/// <param name="HasRefusal">Whether a choice has a refusal.</param>
public readonly record struct AnswerEnding(string? FinishReason, bool HasToolCalls, bool HasRefusal)
{
    private const int MaxReasonLength = 64;

    /// <summary>Reads a chat completion.</summary>
    /// <param name="body">One JSON document, or a stream of server-sent events.</param>
    /// <param name="streamed">Which of them.</param>
    /// <returns>What was found; what is no JSON adds nothing.</returns>
    public static AnswerEnding Read(ReadOnlySpan<byte> body, bool streamed)
    {
        if (!streamed)
            return default(AnswerEnding).With(body);

        var ending = default(AnswerEnding);
        foreach (var range in body.Split((byte)'\n'))
        {
            var line = body[range].TrimEnd((byte)'\r');
            if (line.StartsWith("data:"u8))
                ending = ending.With(line[5..].TrimStart((byte)' '));
        }

        return ending;
    }

    private AnswerEnding With(ReadOnlySpan<byte> json)
    {
        var ending = this;
        if (json.IsEmpty || json[0] != '{')
            return ending;

        try
        {
            var reader = new Utf8JsonReader(json);
            while (reader.Read())
            {
                // {"choices":[{"finish_reason":…,"message" or "delta":{"tool_calls":…,"refusal":…}}]}
                if (reader.TokenType is not JsonTokenType.PropertyName || reader.CurrentDepth is not (3 or 4))
                    continue;

                if (reader.ValueTextEquals("finish_reason"u8) && reader.CurrentDepth == 3)
                    ending = ending with { FinishReason = ending.FinishReason ?? Text(ref reader) };
                else if (reader.ValueTextEquals("tool_calls"u8) || reader.ValueTextEquals("function_call"u8))
                    ending = ending with { HasToolCalls = ending.HasToolCalls | IsPresent(ref reader) };
                else if (reader.ValueTextEquals("refusal"u8))
                    ending = ending with { HasRefusal = ending.HasRefusal | IsPresent(ref reader) };
            }
        }
        catch (JsonException)
        {
            // What could be read counts.
        }

        return ending;
    }

    private static string? Text(ref Utf8JsonReader reader) =>
        reader.Read() && reader.TokenType is JsonTokenType.String && reader.ValueSpan.Length <= MaxReasonLength ? reader.GetString() : null;

    private static bool IsPresent(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType is not JsonTokenType.Null;
}
