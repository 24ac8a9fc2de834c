using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Streaming;

/// <summary>Passes a stream through and keeps a copy of what was read, up to a bound.</summary>
/// <param name="inner">The stream.</param>
/// <param name="maxBytes">A longer one is not kept at all.</param>
public sealed class RecordingStream(Stream inner, int maxBytes) : Stream
{
    private readonly PooledBuffer _copy = new(4096);
    private bool _isWhole = true;

    /// <summary>All that was read; empty: too long.</summary>
    public ReadOnlyMemory<byte> Recorded => _isWhole ? _copy.WrittenMemory : default;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken);
        _isWhole = _isWhole && _copy.Length + count <= maxBytes;
        if (_isWhole)
            _copy.Write(buffer.Span[..count]);
        return count;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Flush()
    {
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
