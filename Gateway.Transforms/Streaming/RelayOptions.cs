using Gateway.Transforms.Bodies;
using Gateway.Transforms.Tokens;

namespace Gateway.Transforms.Streaming;

/// <summary>How one stream is relayed.</summary>
public sealed record RelayOptions
{
    /// <summary>The client asked for usage (<c>stream_options.include_usage</c>): it sees the extra chunk, with the cost in it.</summary>
    public required bool ClientWantsUsage { get; init; }

    /// <summary>The last chunk is held back until the settlement, because fields go into it though the client did not ask for usage.</summary>
    public required bool HoldsLastChunk { get; init; }

    /// <summary>The API that the stream speaks, on its way to the client. Default: chat completions.</summary>
    public AnswerFormat Format { get; init; } = AnswerFormat.Chat;

    /// <summary>Counts what was delivered, when the upstream does not say.</summary>
    public required TokenEncoding Encoding { get; init; }

    /// <summary>Silence after which the client gets a comment. 1 s to 5 min.</summary>
    public required TimeSpan PingInterval { get; init; }

    /// <summary>Silence after which the upstream counts as broken; comments do not end it.</summary>
    public required TimeSpan IdleTimeout { get; init; }

    /// <summary>The longest that the upstream's part may take, however busy it is. Default 60 min.</summary>
    public TimeSpan MaxTime { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>Delivered output from which <see cref="ExtendOutput"/> is asked. Unit: tokens; default: no limit.</summary>
    public long MaxOutputTokens { get; init; } = long.MaxValue;

    /// <summary>The limit that holds now that it is reached. Unit: tokens. <c>null</c>: the first one stands.</summary>
    public Func<ValueTask<long>>? ExtendOutput { get; init; }

    /// <summary>Told of each output behind the first: how long after the one before it came. Unit: seconds; 0 for what came with one read. <c>null</c>, the default: nobody asks.</summary>
    public Action<double>? OnNextContent { get; init; }

    /// <summary>The longest transcript that is kept in memory for <see cref="SseRelay.Transcript"/>. Unit: bytes; 0, the default: none.</summary>
    public int MaxTranscriptBytes { get; init; }
}

/// <summary>How the upstream's part of a stream ended.</summary>
public enum RelayEnd
{
    /// <summary>It has not.</summary>
    Running,

    /// <summary>With <c>[DONE]</c>, or with a finish reason and usage.</summary>
    Complete,

    /// <summary>Without either, or by a broken connection.</summary>
    Broken,

    /// <summary>It was silent for too long.</summary>
    Silent,

    /// <summary>It took too long.</summary>
    TooLong,

    /// <summary>It went on beyond the output that is paid for.</summary>
    Exhausted,

    /// <summary>With an error object.</summary>
    Error,

    /// <summary>With bytes that are no chat stream, or an event beyond the bound.</summary>
    Unreadable,
}

/// <summary>What follows the last content: members for the last chunk and <c>[DONE]</c>, or an error event.</summary>
/// <param name="UsageExtra">Members to add to usage, without braces.</param>
/// <param name="RootExtra">Members to add to the chunk, without braces.</param>
/// <param name="ErrorEvent">A whole event that replaces the end; no <c>[DONE]</c> follows.</param>
public readonly record struct RelayTail(ReadOnlyMemory<byte> UsageExtra, ReadOnlyMemory<byte> RootExtra, ReadOnlyMemory<byte> ErrorEvent);
