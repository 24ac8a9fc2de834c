using System.Runtime.CompilerServices;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Streaming;

/// <summary>Passes a stream through and keeps a copy of what was read, up to a bound.</summary>
/// <param name="inner">The stream.</param>
/// <param name="maxBytes">A longer one is not kept at all.</param>
public sealed class RecordingStream(Stream inner, int maxBytes) : ReadOnlyStream
{
    private readonly PooledBuffer _copy = new(4096);
    private bool _isWhole = true;

    /// <summary>All that was read; empty: too long.</summary>
    public ReadOnlyMemory<byte> Recorded => _isWhole ? _copy.WrittenMemory : default;

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken);
        _isWhole = _isWhole && _copy.Length + count <= maxBytes;
        if (_isWhole)
            _copy.Write(buffer.Span[..count]);
        return count;
    }

    /// <summary>Gives the copy's memory back; the relay disposes its upstream before the answer is looked at.</summary>
    public void Release() => _copy.Dispose();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}
