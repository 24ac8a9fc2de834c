using System.Buffers;

namespace Gateway.Transforms.Yarp;

/// <summary>The whole answer of an upstream that did not stream: its status and its body, in a pooled buffer.</summary>
public sealed class UpstreamAnswer : IDisposable
{
    private byte[]? _buffer;
    private int _length;

    /// <summary>The upstream's status.</summary>
    public required int Status { get; init; }

    /// <summary>The media type without its parameters; empty: none.</summary>
    public required string MediaType { get; init; }

    /// <summary>The upstream's <c>Retry-After</c>, in seconds or as a date already turned into a wait.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The body was longer than the bound, or was cut off before its announced end.</summary>
    public bool Broken { get; private set; }

    /// <summary>It is <see cref="Broken"/> because nothing came for too long.</summary>
    public bool IsSilent { get; private set; }

    /// <summary>The body.</summary>
    public ReadOnlyMemory<byte> Body => _buffer.AsMemory(0, _length);

    /// <summary>Reads the body to its end, at most <paramref name="maxBytes"/> bytes.</summary>
    internal async ValueTask ReadAsync(Stream stream, int maxBytes, TimeSpan idleTimeout, CancellationToken cancellationToken)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            while (true)
            {
                if (_length == _buffer.Length)
                    Grow();

                // What came with the head is there at once: only a wait is bounded.
                var pending = stream.ReadAsync(_buffer.AsMemory(_length), cancellationToken);
                var read = pending.IsCompleted ? await pending : await pending.AsTask().WaitAsync(idleTimeout, cancellationToken);
                if (read == 0)
                    return;

                _length += read;
                if (_length > maxBytes)
                {
                    Broken = true;
                    return;
                }
            }
        }
        catch (TimeoutException)
        {
            // The read goes on until the connection is closed: its buffer is not given to anyone else.
            (_buffer, _length) = ([], 0);
            Broken = IsSilent = true;
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException or OperationCanceledException)
        {
            // A wait that was cancelled leaves its read behind.
            if (exception is OperationCanceledException)
                (_buffer, _length) = ([], 0);
            Broken = true;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer is { Length: > 0 })
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
        _length = 0;
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(_buffer!.Length * 2);
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
