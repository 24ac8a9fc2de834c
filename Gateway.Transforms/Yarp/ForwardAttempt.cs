using Gateway.Transforms.Streaming;

namespace Gateway.Transforms.Yarp;

/// <summary>What one attempt sends and what came back: the pipeline fills in the first half, <see cref="ForwardTransforms"/> the second.</summary>
public sealed class ForwardAttempt
{
    /// <summary>The most that a JSON answer may have. Unit: bytes.</summary>
    public const int MaxAnswerBytes = 64 * 1024 * 1024;

    /// <summary>The path behind the channel's base URL, for example <c>/chat/completions</c>.</summary>
    public required string Path { get; init; }

    /// <summary>The channel's credential, checked to be printable ASCII; <c>null</c>: none.</summary>
    public string? Credential { get; init; }

    /// <summary>The body to send.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Makes the relay of a streamed 200; <c>null</c>: the answer is read whole.</summary>
    public Func<Stream, SseRelay>? OnStream { get; init; }

    /// <summary>Called when the head of the upstream's answer has arrived: from here on a stream that is hung up on is charged.</summary>
    public required Action OnHead { get; init; }

    /// <summary>Ends this attempt.</summary>
    public required CancellationToken CancellationToken { get; init; }

    /// <summary>The answer, unless it is streamed or none came.</summary>
    public UpstreamAnswer? Answer { get; internal set; }

    /// <summary>The relay that runs, or ran, for a streamed answer.</summary>
    public SseRelay? Relay { get; internal set; }
}
