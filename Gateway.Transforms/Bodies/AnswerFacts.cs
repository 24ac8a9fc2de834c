namespace Gateway.Transforms.Bodies;

/// <summary>What an answer, or one event of a streamed one, says. Ranges are offsets in the JSON payload; absent ones <c>default</c>.</summary>
public struct AnswerFacts
{
    /// <summary>True if there is a usage object.</summary>
    public readonly bool HasUsage => UsageValue.IsPresent && !UsageIsNull;

    /// <summary>True if usage is present but no object: null, in most cases.</summary>
    public bool UsageIsNull { get; internal set; }

    /// <summary>True if the usage object has no member.</summary>
    public bool UsageIsEmpty { get; internal set; }

    /// <summary>True if the usage object has a member of a name that the gateway adds, such as <c>cost</c>: ours takes its place.</summary>
    public bool UsageNamesOurs { get; internal set; }

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

    /// <summary>True if there is no choice: <c>choices</c>, or what the API has in its place, is empty, absent or no array.</summary>
    public bool ChoicesEmpty { get; internal set; }

    /// <summary>True if a choice has a finish reason.</summary>
    public bool HasFinishReason { get; internal set; }

    /// <summary>True if a choice finished with <c>error</c>, as OpenRouter says it.</summary>
    public bool FinishedWithError { get; internal set; }

    /// <summary>True if a choice has output: content, reasoning, refusal, tool or function calls, audio, or text.</summary>
    public bool HasContent { get; internal set; }

    /// <summary>True for an event of a stream that takes the gateway's members: it is held back until the call is settled.</summary>
    public bool IsFinal { get; internal set; }

    /// <summary>True for an event that ends its stream by itself: no terminator follows.</summary>
    public bool EndsStream { get; internal set; }

    /// <summary>True if <see cref="Tokens"/> has output alone: input and its parts stand as an earlier event said.</summary>
    public bool TokensAreOutputOnly { get; internal set; }

    /// <summary>Images in the answer.</summary>
    public int Images { get; internal set; }

    /// <summary>The length of the sound that was read or made, as the upstream says it. Unit: milliseconds; <c>null</c>: it does not say.</summary>
    public long? AudioMilliseconds { get; internal set; }

    /// <summary>The raw string of the answer's own id, quotes included.</summary>
    public ByteRange Id { get; internal set; }

    /// <summary>The raw string of the reported <c>model</c>, quotes included.</summary>
    public ByteRange Model { get; internal set; }

    /// <summary>The raw value of the first choice's <c>content</c>, any type.</summary>
    public ByteRange FirstContent { get; internal set; }
}
