using System.Buffers;
using System.Collections.Frozen;

namespace Gateway.Transforms.Bodies;

/// <summary>How the answers of one API read: which JSON is an answer, where its usage and its text stand, how its stream ends. Stateless, shared by all calls.</summary>
public abstract class AnswerFormat
{
    /// <summary>Chat completions and text completions.</summary>
    public static AnswerFormat Chat { get; } = new ChatFormat();

    /// <summary>Responses.</summary>
    public static AnswerFormat Responses { get; } = new ResponsesFormat();

    /// <summary>Embeddings.</summary>
    public static AnswerFormat Embedding { get; } = new EmbeddingFormat();

    /// <summary>Images.</summary>
    public static AnswerFormat Image { get; } = new ImageFormat();

    /// <summary>Speech, as a stream of events.</summary>
    public static AnswerFormat Speech { get; } = new SpeechFormat();

    /// <summary>Transcriptions, as JSON.</summary>
    public static AnswerFormat Transcription { get; } = new TranscriptionFormat();

    /// <summary>Moderations.</summary>
    public static AnswerFormat Moderation { get; } = new ModerationFormat();

    /// <summary>Anthropic's messages.</summary>
    public static AnswerFormat Messages { get; } = new MessagesFormat();

    private static readonly FrozenDictionary<CallKind, AnswerFormat> OfKinds = new Dictionary<CallKind, AnswerFormat>
    {
        [CallKind.Chat] = Chat,
        [CallKind.Completion] = Chat,
        [CallKind.Responses] = Responses,
        [CallKind.Embedding] = Embedding,
        [CallKind.Image] = Image,
        [CallKind.Speech] = Speech,
        [CallKind.Transcription] = Transcription,
        [CallKind.Moderation] = Moderation,
    }.ToFrozenDictionary();

    /// <summary>How an OpenAI-speaking upstream answers a kind of call; messages, which it does not know, are chat completions to it.</summary>
    public static AnswerFormat For(CallKind kind) => OfKinds.GetValueOrDefault(kind, Chat);

    /// <summary>Whether a stream has usage only where the request asks for it (<c>stream_options.include_usage</c>).</summary>
    public virtual bool UsageIsOptional => false;

    /// <summary>Whether the provider keeps answers under their id, for later calls.</summary>
    public virtual bool KeepsAnswers => false;

    /// <summary>What the gateway writes behind the last event of a complete stream; empty: that event is the end.</summary>
    public abstract ReadOnlySpan<byte> Terminator { get; }

    /// <summary>Reads an answer that is not streamed.</summary>
    /// <param name="json">The body, valid UTF-8.</param>
    /// <param name="facts">What it says; undefined if false.</param>
    /// <param name="text">Receives the decoded output text, for those who count tokens themselves; or null.</param>
    /// <returns>False if it is not one JSON object.</returns>
    public abstract bool TryReadAnswer(ReadOnlySpan<byte> json, out AnswerFacts facts, IBufferWriter<byte>? text);

    /// <summary>Reads an event of a stream that has data.</summary>
    /// <param name="data">The value of <c>data</c>, not empty.</param>
    /// <param name="eventName">The value of <c>event</c>; empty: none.</param>
    /// <param name="facts">What it says, for chunks and errors; <c>default</c> for others.</param>
    /// <param name="text">Receives the decoded output text; or null.</param>
    public abstract EventKind ReadEvent(ReadOnlySpan<byte> data, ReadOnlySpan<byte> eventName, out AnswerFacts facts, IBufferWriter<byte>? text);
}
