using Gateway.Transforms.Bodies;

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
    /// <summary>The adapter; <c>null</c>: such upstreams cannot answer such calls.</summary>
    public static Adapter? For(CallKind kind, UpstreamApi api) => api switch
    {
        UpstreamApi.OpenAi when kind == CallKind.Messages => null,
        UpstreamApi.OpenAi => Native(kind),
        _ => null,
    };

    /// <summary>The adapter of a channel's provider; <c>null</c>: it does not serve such calls.</summary>
    public static Adapter? For(CallKind kind, ProviderPreset preset) =>
        For(kind, preset.Api) is { } adapter && preset.PathOf(adapter.Kind, "", stream: false) is not null ? adapter : null;

    private static Adapter Native(CallKind kind) => new(kind, AnswerFormat.For(kind));
}
