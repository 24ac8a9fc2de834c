using Microsoft.AspNetCore.Http;

namespace Gateway.Transforms.Yarp;

/// <summary>What one attempt sends and what came back: the pipeline fills in the first half, <see cref="ForwardTransforms"/> the second.</summary>
public abstract class ForwardAttempt
{
    /// <summary>The most that an answer which is read whole may have. Unit: bytes.</summary>
    public const int MaxAnswerBytes = 64 * 1024 * 1024;

    /// <summary>The path behind the channel's base URL, for example <c>/chat/completions</c>.</summary>
    public required PathString Path { get; init; }

    /// <summary>The query, with its question mark; empty: none.</summary>
    public QueryString Query { get; init; }

    /// <summary>The headers to send beside those of the body: credential, provider's, client's by allow-list. Checked to be printable ASCII.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; }

    /// <summary>The media type of the body, with its parameters.</summary>
    public string ContentType { get; init; } = "application/json";

    /// <summary>What is accepted.</summary>
    public string Accept { get; init; } = "application/json";

    /// <summary>The body to send.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The longest silence inside an answer that is read whole.</summary>
    public required TimeSpan IdleTimeout { get; init; }

    /// <summary>Ends this attempt.</summary>
    public required CancellationToken CancellationToken { get; init; }

    /// <summary>The answer, unless it is streamed or none came.</summary>
    public UpstreamAnswer? Answer { get; internal set; }

    /// <summary>The head of the upstream's answer has arrived: from here on a stream that is hung up on is charged.</summary>
    protected internal abstract void OnHead();

    /// <summary>Whether a 200 of this media type is passed on as it comes; the answer is read whole otherwise.</summary>
    protected internal abstract bool Streams(string mediaType);

    /// <summary>Makes the stream that the client gets of a 200 that is passed on; <c>null</c>: it gets none, another attempt's or an error is to follow.</summary>
    protected internal abstract ValueTask<Stream?> OnStreamAsync(Stream stream, string mediaType);
}
