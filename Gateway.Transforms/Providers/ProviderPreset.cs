using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers;

/// <summary>What is known of a provider: where it is, which calls it serves and under which paths, how it wants to be asked. Data, not code.</summary>
public sealed record ProviderPreset
{
    /// <summary>The name that a channel's <c>preset</c> or <c>provider</c> gives, for example <c>anthropic</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The API that it speaks.</summary>
    public UpstreamApi Api { get; init; }

    /// <summary>Its public base URL; <c>null</c>: every installation has its own.</summary>
    public string? BaseUrl { get; init; }

    /// <summary>The header that carries the credential. Default <c>Authorization</c>.</summary>
    public string AuthHeader { get; init; } = "Authorization";

    /// <summary>What stands before the credential in it, for example <c>Bearer </c> with its space; empty: nothing.</summary>
    public string AuthPrefix { get; init; } = "Bearer ";

    /// <summary>More headers that every request carries, for example <c>anthropic-version</c>.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>From the path of a call (<see cref="CallKind.Path"/>) to the path behind the base URL, with its query; <c>{model}</c> stands for the upstream's model.
    /// A call that is not here is not served; <c>null</c>: all, under the call's own path without <c>/v1</c>.</summary>
    public IReadOnlyDictionary<string, string>? Paths { get; init; }

    /// <summary>Like <see cref="Paths"/>, for streams whose path differs.</summary>
    public IReadOnlyDictionary<string, string>? StreamPaths { get; init; }

    /// <summary>Where it expects an output limit that the client did not set. OpenAI's newer models refuse <c>max_tokens</c>; most others know nothing else.</summary>
    public OutputLimitField OutputLimitField { get; init; } = OutputLimitField.MaxTokens;

    /// <summary>Whether it takes <c>stream_options.include_usage</c>; where not, it sends usage unasked or not at all. Default true.</summary>
    public bool StreamOptions { get; init; } = true;

    /// <summary>The page of the provider's documentation that says all this.</summary>
    public string? Source { get; init; }

    /// <summary>The day on which somebody read that page.</summary>
    public DateOnly? Checked { get; init; }

    /// <summary>The path behind the base URL for a call; <c>null</c>: it does not serve such calls.</summary>
    public string? PathOf(CallKind kind, string upstreamModel, bool stream)
    {
        if (Paths is null)
            return kind.Path["/v1".Length..];
        if (stream && StreamPaths?.GetValueOrDefault(kind.Path) is { } streamPath)
            return Fill(streamPath, upstreamModel);
        return Paths.GetValueOrDefault(kind.Path) is { } path ? Fill(path, upstreamModel) : null;
    }

    // A model's name is one segment of the path, whatever it holds.
    private static string Fill(string path, string upstreamModel) => path.Replace("{model}", Uri.EscapeDataString(upstreamModel), StringComparison.Ordinal);
}
