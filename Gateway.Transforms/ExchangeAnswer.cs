namespace Gateway.Transforms;

/// <summary>The answer of a call that was settled, as the rules see it.</summary>
public sealed record ExchangeAnswer
{
    /// <summary>Whether <see cref="Body"/> is a stream of server-sent events; else one JSON document.</summary>
    public required bool Streamed { get; init; }

    /// <summary>The upstream's bytes as they came; empty: too long to keep. Valid during the call alone.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Whether all of it came.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>The first choice's, for example <c>stop</c>; <c>null</c>: none.</summary>
    public string? FinishReason { get; init; }

    /// <summary>Whether it calls a tool.</summary>
    public bool HasToolCalls { get; init; }

    /// <summary>Whether it has a refusal.</summary>
    public bool HasRefusal { get; init; }

    /// <summary>What the prompt had. Unit: tokens.</summary>
    public long InputTokens { get; init; }

    /// <summary>What the completion had. Unit: tokens.</summary>
    public long OutputTokens { get; init; }

    /// <summary>The model as the upstream was asked for it.</summary>
    public required string UpstreamModel { get; init; }
}
