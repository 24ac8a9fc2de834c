using Gateway.Transforms.Bodies;

namespace Gateway.Transforms;

/// <summary>One of the APIs that calls come in by: its path, its body, how its answers read. A closed list; adding one is a line here and, if its answers are new, a format.</summary>
public sealed class CallKind
{
    private CallKind(string name, string path, string promptMember)
    {
        Name = name;
        Path = path;
        PromptMember = promptMember;
    }

    /// <summary><c>POST /v1/chat/completions</c>.</summary>
    public static CallKind Chat { get; } = new("chat", "/v1/chat/completions", "messages") { Streams = true, HasOutputTokens = true };

    /// <summary><c>POST /v1/completions</c>.</summary>
    public static CallKind Completion { get; } = new("completion", "/v1/completions", "prompt") { Streams = true, HasOutputTokens = true };

    /// <summary><c>POST /v1/responses</c>.</summary>
    public static CallKind Responses { get; } = new("responses", "/v1/responses", "input") { Streams = true, HasOutputTokens = true };

    /// <summary><c>POST /v1/messages</c>: Anthropic's shapes and errors.</summary>
    public static CallKind Messages { get; } = new("messages", "/v1/messages", "messages") { Streams = true, HasOutputTokens = true };

    /// <summary><c>POST /v1/embeddings</c>.</summary>
    public static CallKind Embedding { get; } = new("embedding", "/v1/embeddings", "input");

    /// <summary><c>POST /v1/images/generations</c>.</summary>
    public static CallKind Image { get; } = new("image", "/v1/images/generations", "prompt") { Streams = true, HasOutputTokens = true };

    /// <summary><c>POST /v1/audio/speech</c>: the answer is sound, or a stream of events with <c>stream_format: sse</c>.</summary>
    public static CallKind Speech { get; } = new("speech", "/v1/audio/speech", "input") { HasOutputTokens = true };

    /// <summary><c>POST /v1/audio/transcriptions</c>: the request is <c>multipart/form-data</c>.</summary>
    public static CallKind Transcription { get; } = new("transcription", "/v1/audio/transcriptions", "file") { Streams = true, IsMultipart = true, HasOutputTokens = true };

    /// <summary><c>POST /v1/moderations</c>.</summary>
    public static CallKind Moderation { get; } = new("moderation", "/v1/moderations", "input");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<CallKind> All { get; } = [Chat, Completion, Responses, Messages, Embedding, Image, Speech, Transcription, Moderation];

    /// <summary>The word for it in metrics.</summary>
    public string Name { get; }

    /// <summary>The path with <c>/v1</c>: also what the receipt calls <c>endpoint</c>.</summary>
    public string Path { get; }

    /// <summary>The member without which there is nothing to do.</summary>
    public string PromptMember { get; }

    /// <summary>Whether <c>"stream": true</c> makes its answer a stream of events.</summary>
    public bool Streams { get; private init; }

    /// <summary>Whether the request is <c>multipart/form-data</c>, and not JSON.</summary>
    public bool IsMultipart { get; private init; }

    /// <summary>Whether its answers may be charged by output tokens.</summary>
    public bool HasOutputTokens { get; private init; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
