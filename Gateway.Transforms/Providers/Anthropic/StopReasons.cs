namespace Gateway.Transforms.Providers.Anthropic;

/// <summary>Why an answer ended, in the words of either API. A word that came later than this is an ordinary end.</summary>
/// <remarks>https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons and https://platform.openai.com/docs/api-reference/chat/object</remarks>
internal static class StopReasons
{
    /// <summary>From <c>stop_reason</c> to <c>finish_reason</c>.</summary>
    public static ReadOnlySpan<byte> ToChat(JsonPiece reason) =>
        reason.Is("tool_use"u8) ? "tool_calls"u8
        : reason.Is("max_tokens"u8) || reason.Is("model_context_window_exceeded"u8) ? "length"u8
        : reason.Is("refusal"u8) ? "content_filter"u8
        : "stop"u8;

    /// <summary>From <c>finish_reason</c> to <c>stop_reason</c>.</summary>
    public static ReadOnlySpan<byte> ToMessages(JsonPiece reason) =>
        reason.Is("tool_calls"u8) || reason.Is("function_call"u8) ? "tool_use"u8
        : reason.Is("length"u8) ? "max_tokens"u8
        : reason.Is("content_filter"u8) ? "refusal"u8
        : "end_turn"u8;
}
