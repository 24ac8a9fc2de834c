namespace Gateway.Transforms.Streaming;

/// <summary>How one answer that is neither JSON nor events is relayed.</summary>
public sealed record BinaryRelayOptions
{
    /// <summary>Silence after which the upstream counts as broken.</summary>
    public required TimeSpan IdleTimeout { get; init; }

    /// <summary>The longest that the upstream's part may take, however busy it is. Default: 60 min.</summary>
    public TimeSpan MaxTime { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>The longest answer. Unit: bytes; default: 512 MiB.</summary>
    public long MaxBytes { get; init; } = 512L * 1024 * 1024;
}
