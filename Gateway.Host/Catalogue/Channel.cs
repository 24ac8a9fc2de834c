using Gateway.Ledger;
using Gateway.Transforms.Providers;

namespace Gateway.Host.Catalogue;

/// <summary>What happens upstream when a client hangs up.</summary>
internal enum OnDisconnect
{
    /// <summary>The upstream call is cancelled.</summary>
    Cancel,

    /// <summary>It is read to its end.</summary>
    Drain,
}

/// <summary>Where a resource of the catalogue was declared.</summary>
internal enum Source
{
    /// <summary>Over REST: kept in the book.</summary>
    Rest,

    /// <summary>In configuration: read-only over REST.</summary>
    Configuration,
}

/// <summary>A model that a channel serves.</summary>
/// <param name="Model">The name that clients use.</param>
/// <param name="UpstreamModel">The name that goes upstream; <c>null</c>: the same.</param>
internal sealed record ChannelModel(string Model, string? UpstreamModel);

/// <summary>One way to reach a provider.</summary>
internal sealed record Channel
{
    /// <summary>The id, <c>ch_…</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The name for people.</summary>
    public required string Name { get; init; }

    /// <summary>The provider, for example <c>deepseek</c>.</summary>
    public required string Provider { get; init; }

    /// <summary>How its provider wants to be asked.</summary>
    public ProviderPreset Preset { get; init; } = ProviderPresets.Compatible;

    /// <summary>Base URLs (http or https) over which calls are balanced; at least one.</summary>
    public required IReadOnlyList<string> BaseUrls { get; init; }

    /// <summary>The upstream credential in plain text, in memory only; <c>null</c>: none is sent.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Official or ordinary.</summary>
    public required RouteType RouteType { get; init; }

    /// <summary>What it serves.</summary>
    public required IReadOnlyList<ChannelModel> Models { get; init; }

    /// <summary>Lower is tried first. Default 0.</summary>
    public int Priority { get; init; }

    /// <summary>Share among channels of one priority; higher first. Default 1.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>Whether it is used.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Time to connect. Default 5 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time from sending to the first byte of the answer. Default 120 s.</summary>
    public TimeSpan FirstByteTimeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Longest silence inside an answer. Default 60 s.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Calls in flight. Default 1000.</summary>
    public int MaxConcurrency { get; init; } = 1000;

    /// <summary>When failures take it out of rotation.</summary>
    public ChannelBreaker Breaker { get; init; } = new();

    /// <summary>Where it is asked for a sign of life, behind each base URL; <c>null</c>: nowhere.</summary>
    public string? ProbePath { get; init; }

    /// <summary>Time between two probes. 500 ms to 1 h. Default 10 s.</summary>
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Silence after which the same call also goes to the next channel. 10 ms to 10 min; <c>null</c>: never.</summary>
    public TimeSpan? HedgeAfter { get; init; }

    /// <summary>Whether private and loopback addresses are connected to.</summary>
    public bool AllowPrivateAddress { get; init; }

    /// <summary>What a client's hanging up does upstream. Default: cancel.</summary>
    public OnDisconnect OnDisconnect { get; init; }

    /// <summary>The only tenant that it serves; <c>null</c>: all.</summary>
    public string? Workspace { get; init; }

    /// <summary>Where it was declared.</summary>
    public Source Source { get; init; }

    /// <summary>The fields as they were declared, without the credential.</summary>
    public ChannelFields? Declared { get; init; }

    /// <summary>The name and the provider, never the credential.</summary>
    public override string ToString() => $"{Id} ({Name}, {Provider})";
}
