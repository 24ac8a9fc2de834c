using System.Text.Json;

namespace Gateway.Transforms.Bodies;

/// <content>The names that answers use, on all levels.</content>
internal static partial class AnswerPayload
{
    private const int LongestKey = 17;

    private enum Key
    {
        Other,
        Usage,
        Choices,
        Error,
        Model,
        Message,
        Text,
        FinishReason,
        Content,
        Reasoning,
        Refusal,
        ToolCalls,
        Function,
        Audio,
        CallText,
        Id,
        Groq,
    }

    private static Key Classify(ref Utf8JsonReader reader)
    {
        var key = reader.ValueSpan;
        if (!reader.ValueIsEscaped)
        {
            return Classify(key);
        }

        const int longestEscape = 6;
        if (key.Length > LongestKey * longestEscape)
        {
            return Key.Other;
        }

        Span<byte> unescaped = stackalloc byte[LongestKey * longestEscape];
        return Classify(unescaped[..JsonText.Unescape(key, unescaped)]);
    }

    private static Key Classify(ReadOnlySpan<byte> key) => key.Length switch
    {
        2 when key.SequenceEqual("id"u8) => Key.Id,
        4 when key.SequenceEqual("text"u8) => Key.Text,
        4 when key.SequenceEqual("name"u8) => Key.CallText,
        5 when key.SequenceEqual("delta"u8) => Key.Message,
        5 when key.SequenceEqual("usage"u8) => Key.Usage,
        5 when key.SequenceEqual("model"u8) => Key.Model,
        5 when key.SequenceEqual("error"u8) => Key.Error,
        5 when key.SequenceEqual("audio"u8) => Key.Audio,
        5 when key.SequenceEqual("input"u8) => Key.CallText,
        6 when key.SequenceEqual("custom"u8) => Key.Function,
        6 when key.SequenceEqual("x_groq"u8) => Key.Groq,
        7 when key.SequenceEqual("choices"u8) => Key.Choices,
        7 when key.SequenceEqual("content"u8) => Key.Content,
        7 when key.SequenceEqual("message"u8) => Key.Message,
        7 when key.SequenceEqual("refusal"u8) => Key.Refusal,
        8 when key.SequenceEqual("function"u8) => Key.Function,
        9 when key.SequenceEqual("reasoning"u8) => Key.Reasoning,
        9 when key.SequenceEqual("arguments"u8) => Key.CallText,
        10 when key.SequenceEqual("tool_calls"u8) => Key.ToolCalls,
        13 when key.SequenceEqual("finish_reason"u8) => Key.FinishReason,
        13 when key.SequenceEqual("function_call"u8) => Key.Function,
        17 when key.SequenceEqual("reasoning_content"u8) => Key.Reasoning,
        _ => Key.Other,
    };
}
