using System.Collections.Frozen;

namespace Gateway.Transforms.Bodies;

/// <summary>What the prompt of a request is.</summary>
[Flags]
public enum PromptShapes
{
    /// <summary>There is none, or the upstream holds it.</summary>
    None = 0,

    /// <summary>One string.</summary>
    Text = 1,

    /// <summary>An array of strings.</summary>
    Texts = 2,

    /// <summary>One prompt as an array of token numbers.</summary>
    Tokens = 4,

    /// <summary>An array of such arrays.</summary>
    TokenLists = 8,

    /// <summary>An array of objects: messages, items, content parts.</summary>
    Items = 16,
}

/// <summary>A member that the gateway reads, of any kind of call.</summary>
[Flags]
internal enum RequestMember
{
    Other = 0,
    Model = 1,
    Provider = 1 << 1,
    User = 1 << 2,
    Stream = 1 << 3,
    StreamOptions = 1 << 4,
    MaxTokens = 1 << 5,
    MaxCompletionTokens = 1 << 6,
    MaxOutputTokens = 1 << 7,
    N = 1 << 8,
    BestOf = 1 << 9,
    Messages = 1 << 10,
    Prompt = 1 << 11,
    Input = 1 << 12,
    Tools = 1 << 13,
    Instructions = 1 << 14,
    System = 1 << 15,
    PreviousResponseId = 1 << 16,
    Store = 1 << 17,
    Background = 1 << 18,
    Conversation = 1 << 19,
    Quality = 1 << 20,
    Size = 1 << 21,
    StreamFormat = 1 << 22,
    ResponseFormat = 1 << 23,
    OutputLimits = MaxTokens | MaxCompletionTokens | MaxOutputTokens,
}

/// <summary>What the body of one kind of call may have. A member that its API does not know is the upstream's to judge.</summary>
/// <param name="Members">The members that the gateway reads.</param>
/// <param name="PromptMember">The one that holds the prompt.</param>
/// <param name="Prompts">What the prompt may be.</param>
/// <param name="Demand">The same, for an error message.</param>
internal sealed record RequestShape(RequestMember Members, RequestMember PromptMember, PromptShapes Prompts, string Demand)
{
    private const RequestMember Common = RequestMember.Model | RequestMember.Provider;

    private const string Batch = "must be a string, an array of strings, an array of token numbers or an array of such arrays";

    private static readonly FrozenDictionary<CallKind, RequestShape> Shapes = new Dictionary<CallKind, RequestShape>
    {
        [CallKind.Chat] = new(
            Common | RequestMember.User | RequestMember.Stream | RequestMember.StreamOptions | RequestMember.MaxTokens | RequestMember.MaxCompletionTokens
                | RequestMember.N | RequestMember.Messages | RequestMember.Tools,
            RequestMember.Messages, PromptShapes.Items, "must be an array of at least one message"),
        [CallKind.Completion] = new(
            Common | RequestMember.User | RequestMember.Stream | RequestMember.StreamOptions | RequestMember.MaxTokens | RequestMember.N | RequestMember.BestOf
                | RequestMember.Prompt,
            RequestMember.Prompt, PromptShapes.Text | PromptShapes.Texts | PromptShapes.Tokens | PromptShapes.TokenLists, Batch) { PromptIsOptional = true },
        [CallKind.Responses] = new(
            Common | RequestMember.User | RequestMember.Stream | RequestMember.MaxOutputTokens | RequestMember.Input | RequestMember.Prompt | RequestMember.Tools
                | RequestMember.Instructions | RequestMember.PreviousResponseId | RequestMember.Store | RequestMember.Background | RequestMember.Conversation,
            RequestMember.Input, PromptShapes.Text | PromptShapes.Items, "must be a string or an array of items") { MayHaveNoItems = true },
        [CallKind.Messages] = new(
            Common | RequestMember.Stream | RequestMember.MaxTokens | RequestMember.Messages | RequestMember.Tools | RequestMember.System,
            RequestMember.Messages, PromptShapes.Items, "must be an array of at least one message"),
        [CallKind.Embedding] = new(
            Common | RequestMember.User | RequestMember.Input,
            RequestMember.Input, PromptShapes.Text | PromptShapes.Texts | PromptShapes.Tokens | PromptShapes.TokenLists, Batch),
        [CallKind.Image] = new(
            Common | RequestMember.User | RequestMember.Stream | RequestMember.N | RequestMember.Prompt | RequestMember.Quality | RequestMember.Size
                | RequestMember.ResponseFormat,
            RequestMember.Prompt, PromptShapes.Text, "must be a string") { MaxN = 10 },
        [CallKind.Speech] = new(
            Common | RequestMember.Input | RequestMember.Instructions | RequestMember.StreamFormat | RequestMember.ResponseFormat,
            RequestMember.Input, PromptShapes.Text, "must be a string"),
        [CallKind.Transcription] = new(
            Common | RequestMember.Stream | RequestMember.ResponseFormat, RequestMember.Other, PromptShapes.None, "must be a file") { PromptIsOptional = true },
        [CallKind.Moderation] = new(
            Common | RequestMember.Input, RequestMember.Input, PromptShapes.Text | PromptShapes.Texts | PromptShapes.Items,
            "must be a string, an array of strings or an array of content parts"),
    }.ToFrozenDictionary();

    /// <summary>Whether the prompt may be left out.</summary>
    public bool PromptIsOptional { get; private init; }

    /// <summary>Whether its array may be empty: what comes before it may be enough.</summary>
    public bool MayHaveNoItems { get; private init; }

    /// <summary>The largest <c>n</c>.</summary>
    public int MaxN { get; private init; } = RequestIndex.MaxN;

    public static RequestShape Of(CallKind kind) => Shapes[kind];

    public static RequestMember Classify(ReadOnlySpan<byte> key) => key.Length switch
    {
        1 when key[0] == 'n' => RequestMember.N,
        4 when key.SequenceEqual("user"u8) => RequestMember.User,
        4 when key.SequenceEqual("size"u8) => RequestMember.Size,
        5 when key.SequenceEqual("model"u8) => RequestMember.Model,
        5 when key.SequenceEqual("tools"u8) => RequestMember.Tools,
        5 when key.SequenceEqual("input"u8) => RequestMember.Input,
        5 when key.SequenceEqual("store"u8) => RequestMember.Store,
        6 when key.SequenceEqual("stream"u8) => RequestMember.Stream,
        6 when key.SequenceEqual("prompt"u8) => RequestMember.Prompt,
        6 when key.SequenceEqual("system"u8) => RequestMember.System,
        7 when key.SequenceEqual("best_of"u8) => RequestMember.BestOf,
        7 when key.SequenceEqual("quality"u8) => RequestMember.Quality,
        8 when key.SequenceEqual("messages"u8) => RequestMember.Messages,
        8 when key.SequenceEqual("provider"u8) => RequestMember.Provider,
        10 when key.SequenceEqual("max_tokens"u8) => RequestMember.MaxTokens,
        10 when key.SequenceEqual("background"u8) => RequestMember.Background,
        12 when key.SequenceEqual("instructions"u8) => RequestMember.Instructions,
        12 when key.SequenceEqual("conversation"u8) => RequestMember.Conversation,
        13 when key.SequenceEqual("stream_format"u8) => RequestMember.StreamFormat,
        14 when key.SequenceEqual("stream_options"u8) => RequestMember.StreamOptions,
        15 when key.SequenceEqual("response_format"u8) => RequestMember.ResponseFormat,
        17 when key.SequenceEqual("max_output_tokens"u8) => RequestMember.MaxOutputTokens,
        20 when key.SequenceEqual("previous_response_id"u8) => RequestMember.PreviousResponseId,
        21 when key.SequenceEqual("max_completion_tokens"u8) => RequestMember.MaxCompletionTokens,
        _ => RequestMember.Other,
    };
}
