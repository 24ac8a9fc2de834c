using Gateway.Transforms.Streaming;

namespace Gateway.Transforms.Caching;

/// <summary>Plays a stored stream of server-sent events as an upstream would send it: the first event at once, the rest in small batches.</summary>
/// <remarks>
/// A stored answer could be sent in one piece, but clients show streams as they come, and some cannot take a thousand events in one read. Eight events every
/// 2 ms are 4,000 tokens a second; a longer answer comes in larger batches, so that none takes more than about a second.
/// </remarks>
/// <param name="events">The events as they came from upstream.</param>
/// <param name="time">The clock of the pauses.</param>
public sealed class ReplayStream(ReadOnlyMemory<byte> events, TimeProvider time) : ReadOnlyStream
{
    /// <summary>Between two batches. 2 ms.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    private const int BatchEvents = 8;

    // At the timer's resolution of a millisecond or two, about a second.
    private const int MostBatches = 400;

    private readonly int _batchEvents = Math.Max(BatchEvents, (Count(events.Span) / MostBatches) + 1);
    private int _sent;
    private int _batchEnd;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_sent == _batchEnd)
        {
            if (_sent == events.Length)
                return 0;
            if (_sent > 0)
                await Task.Delay(Pause, time, cancellationToken);
            _batchEnd = EndOf(_sent, _sent == 0 ? 1 : _batchEvents);
        }

        var count = Math.Min(buffer.Length, _batchEnd - _sent);
        events.Slice(_sent, count).CopyTo(buffer);
        _sent += count;
        return count;
    }

    // Behind so many events, or the end of what is stored.
    private int EndOf(int start, int count)
    {
        var rest = events.Span[start..];
        var end = 0;
        for (var i = 0; i < count && end < rest.Length; i++)
            end += EventLength(rest[end..]);
        return start + end;
    }

    private static int Count(ReadOnlySpan<byte> events)
    {
        var count = 0;
        for (; !events.IsEmpty; count++)
            events = events[EventLength(events)..];
        return count;
    }

    // To the end of its blank line. Line by line, so that the work does not grow with what follows.
    private static int EventLength(ReadOnlySpan<byte> events)
    {
        var end = 0;
        while (events[end..].IndexOf((byte)'\n') is var line and >= 0)
        {
            end += line + 1;
            if (events[end..].StartsWith("\n"u8))
                return end + 1;
            if (events[end..].StartsWith("\r\n"u8))
                return end + 2;
        }

        return events.Length;
    }
}
