using System.Collections.Concurrent;
using Gateway.Host.Catalogue;

namespace Gateway.Host.Pipeline;

/// <summary>Counts the open calls of each channel, so that none goes over its limit.</summary>
internal sealed class ChannelLoad
{
    private readonly ConcurrentDictionary<string, StrongBox> _open = new(StringComparer.Ordinal);

    /// <summary>Takes a place; <c>false</c>: the channel is full.</summary>
    public bool TryEnter(Channel channel)
    {
        var open = Of(channel);
        if (Interlocked.Increment(ref open.Count) <= channel.MaxConcurrency)
            return true;

        Interlocked.Decrement(ref open.Count);
        return false;
    }

    public void Leave(Channel channel) => Interlocked.Decrement(ref Of(channel).Count);

    public int Open(Channel channel) => Volatile.Read(ref Of(channel).Count);

    private StrongBox Of(Channel channel) => _open.GetOrAdd(channel.Id, static _ => new StrongBox());

    private sealed class StrongBox
    {
        public int Count;
    }
}
