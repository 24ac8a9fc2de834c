namespace Gateway.Transforms.Bodies;

/// <summary>What a chat completion, or one chunk of a streamed one, says. Ranges are offsets in the JSON payload; absent ones <c>default</c>.</summary>
public struct AnswerFacts
{
    /// <summary>True if there is a usage object.</summary>
    public readonly bool HasUsage => UsageValue.IsPresent && !UsageIsNull;

    /// <summary>True if usage is present but no object: null, in most cases.</summary>
    public bool UsageIsNull { get; internal set; }

    /// <summary>True if the usage object has no member.</summary>
    public bool UsageIsEmpty { get; internal set; }

    /// <summary>What usage says; <c>default</c> without a usage object.</summary>
    public UsageTokens Tokens { get; internal set; }

    /// <summary>The raw value of <c>usage</c>, an object or null.</summary>
    public ByteRange UsageValue { get; internal set; }

    /// <summary>All bytes to remove with <c>usage</c>: key, value and one comma.</summary>
    public ByteRange UsageMember { get; internal set; }

    /// <summary>The offset of the root's closing brace.</summary>
    public int RootClose { get; internal set; }

    /// <summary>True if the root object has no member.</summary>
    public bool RootIsEmpty { get; internal set; }

    /// <summary>True if a top-level <c>error</c> is present and not null.</summary>
    public bool HasError { get; internal set; }

    /// <summary>The raw value of the top-level <c>error</c>.</summary>
    public ByteRange Error { get; internal set; }

    /// <summary>True if there is no choice: <c>choices</c> is empty, absent or no array.</summary>
    public bool ChoicesEmpty { get; internal set; }

    /// <summary>True if a choice has a finish reason.</summary>
    public bool HasFinishReason { get; internal set; }

    /// <summary>True if a choice finished with <c>error</c>, as OpenRouter says it.</summary>
    public bool FinishedWithError { get; internal set; }

    /// <summary>True if a choice has output: content, reasoning, refusal, tool or function calls, audio, or text.</summary>
    public bool HasContent { get; internal set; }

    /// <summary>The raw string of the reported <c>model</c>, quotes included.</summary>
    public ByteRange Model { get; internal set; }

    /// <summary>The raw value of the first choice's <c>content</c>, any type.</summary>
    public ByteRange FirstContent { get; internal set; }
}
