namespace Gateway.Transforms.Bodies;

/// <summary>What an event of a chat stream carries.</summary>
public enum EventKind
{
    /// <summary>No data: a comment such as <c>: ping</c>, blank lines, or fields without data.</summary>
    Comment,

    /// <summary>A JSON object without a top-level error.</summary>
    Chunk,

    /// <summary><c>[DONE]</c>.</summary>
    Done,

    /// <summary>A JSON object with a top-level error, or one of an event named <c>error</c>.</summary>
    Error,

    /// <summary>Data that is no JSON object.</summary>
    NotJson,
}

/// <summary>Why a stream cannot be read on.</summary>
public enum StreamFault
{
    /// <summary>It can.</summary>
    None,

    /// <summary>An event is longer than the limit.</summary>
    EventTooLarge,
}

/// <summary>One server-sent event. Its spans live until the scanner is used again.</summary>
public readonly ref struct SseEvent
{
    private readonly ref readonly AnswerFacts _facts;

    internal SseEvent(EventKind kind, SseLines lines, bool isTerminated, ref readonly AnswerFacts facts)
    {
        Kind = kind;
        Lines = lines;
        IsTerminated = isTerminated;
        _facts = ref facts;
    }

    /// <summary>What the event carries.</summary>
    public EventKind Kind { get; }

    /// <summary>The event as upstream sent it, its blank line included.</summary>
    public ReadOnlySpan<byte> Raw => Lines.Raw;

    /// <summary>The value of <c>data</c>; several data lines are joined by line feeds.</summary>
    public ReadOnlySpan<byte> Data => Lines.Data;

    /// <summary>The value of <c>event</c>, empty if there is none.</summary>
    public ReadOnlySpan<byte> EventName => Lines.EventName;

    /// <summary>False if the stream ended before the blank line.</summary>
    public bool IsTerminated { get; }

    /// <summary>What the payload says, for chunks and errors; ranges are offsets in <see cref="Data"/>.</summary>
    public ref readonly AnswerFacts Facts => ref _facts;

    internal SseLines Lines { get; }
}
