using System.Collections.Frozen;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Providers.Anthropic;
using Gateway.Transforms.Providers.Gemini;

namespace Gateway.Transforms.Providers;

/// <summary>How calls of one kind are sent to upstreams of one API: which of the upstream's calls answers them, and what is translated on the way.</summary>
/// <remarks>
/// <code>
/// client ──► Client ──► Upstream ──► provider
/// client ◄── Client ◄── the relay reads Format ◄── Upstream ◄── provider
/// </code>
/// </remarks>
/// <param name="Kind">The kind under which the upstream's paths list it.</param>
/// <param name="Format">The form in which the gateway reads the answer.</param>
/// <param name="Upstream">Between <paramref name="Format"/>'s API and the upstream's; <c>null</c>: they are the same.</param>
/// <param name="Client">Between the client's API and <paramref name="Format"/>'s; <c>null</c>: they are the same.</param>
public sealed record Adapter(CallKind Kind, AnswerFormat Format, ApiTranslation? Upstream = null, ApiTranslation? Client = null)
{
    private static readonly MessagesOverChat FromMessages = new();
    private static readonly ChatOverGemini ToGemini = new();

    private static readonly FrozenDictionary<CallKind, Adapter>[] ByApi =
    [
        CallKind.All.ToFrozenDictionary(
            static kind => kind,
            static kind => kind == CallKind.Messages ? new Adapter(CallKind.Chat, AnswerFormat.Chat, Client: FromMessages) : new Adapter(kind, AnswerFormat.For(kind))),
        new Dictionary<CallKind, Adapter>
        {
            [CallKind.Chat] = new(CallKind.Chat, AnswerFormat.Chat, Upstream: new ChatOverMessages()),
            [CallKind.Messages] = new(CallKind.Messages, AnswerFormat.Messages),
        }.ToFrozenDictionary(),
        new Dictionary<CallKind, Adapter>
        {
            [CallKind.Chat] = new(CallKind.Chat, AnswerFormat.Chat, Upstream: ToGemini),
            [CallKind.Messages] = new(CallKind.Chat, AnswerFormat.Chat, ToGemini, FromMessages),
            [CallKind.Embedding] = new(CallKind.Embedding, AnswerFormat.Embedding, Upstream: EmbeddingOverGemini.Floats),
        }.ToFrozenDictionary(),
    ];

    /// <summary>The adapter; <c>null</c>: such upstreams cannot answer such calls.</summary>
    public static Adapter? For(CallKind kind, UpstreamApi api) => ByApi[(int)api].GetValueOrDefault(kind);

    /// <summary>The adapter of a channel's provider; <c>null</c>: it does not serve such calls.</summary>
    public static Adapter? For(CallKind kind, ProviderPreset preset) =>
        For(kind, preset.Api) is { } adapter && preset.PathOf(adapter.Kind, "", stream: false) is not null ? adapter : null;

    /// <summary>The adapter for this request of the client's.</summary>
    public Adapter For(ReadOnlySpan<byte> body) =>
        Upstream?.For(body) is { } translation && !ReferenceEquals(translation, Upstream) ? this with { Upstream = translation } : this;
}
