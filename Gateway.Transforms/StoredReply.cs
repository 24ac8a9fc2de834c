namespace Gateway.Transforms;

/// <summary>An upstream's answer that was kept, as it came.</summary>
public sealed record StoredReply
{
    /// <summary>Whether <see cref="Body"/> is a stream of server-sent events; else one JSON document.</summary>
    public required bool Streamed { get; init; }

    /// <summary>The upstream's bytes.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>What the prompt had. Unit: tokens.</summary>
    public long InputTokens { get; init; }

    /// <summary>What the completion had. Unit: tokens.</summary>
    public long OutputTokens { get; init; }

    /// <summary>The model as the upstream was asked for it.</summary>
    public required string UpstreamModel { get; init; }

    /// <summary>When the answer came.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>How it was found: what <c>x-gateway-cache</c> says.</summary>
    public string Status { get; init; } = "hit";
}
