namespace Gateway.Transforms.Caching;

/// <summary>Which answers may be given to another request.</summary>
public static class Storable
{
    /// <summary>Why it may not, as a word for logs and tests; <c>null</c>: it may. Errors do not come here at all.</summary>
    /// <remarks>
    /// Whole answers that ended by themselves, and nothing that acts: what was cut (<c>length</c>, <c>content_filter</c>, a broken stream) or refused would be repeated
    /// to others until it expires, and a tool call may not be made twice.
    /// </remarks>
    public static string? Refused(ExchangeAnswer answer)
    {
        if (!answer.IsComplete)
            return "incomplete";
        if (answer.Body.IsEmpty)
            return "too_long";
        if (answer.Body.Length > InProcessAnswerStore.MaxAnswerBytes)
            return "too_long";
        if (answer.HasToolCalls)
            return "tool_calls";
        if (answer.HasRefusal)
            return "refusal";
        if (answer.FinishReason is not "stop")
            return "finish_reason";
        return answer.OutputTokens > 0 ? null : "empty";
    }
}
