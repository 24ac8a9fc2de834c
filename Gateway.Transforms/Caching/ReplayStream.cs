namespace Gateway.Transforms.Caching;

/// <summary>Plays a kept stream of server-sent events again.</summary>
public sealed class ReplayStream(ReadOnlyMemory<byte> events, TimeProvider time) : MemoryStream(events.ToArray(), writable: false)
{
    /// <summary>The clock of the pauses.</summary>
    public TimeProvider Time => time;
}
