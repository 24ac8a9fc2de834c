using System.Buffers;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Providers;

namespace Gateway.Transforms.Streaming;

/// <summary>A stream of one API's events, read as another's.</summary>
/// <remarks>It asks its source only when all that it made of the last bytes was taken: so what a relay behind it counts as delivered, was.</remarks>
public sealed class TranslatingStream(Stream source, IStreamTranslator translator) : ReadOnlyStream
{
    private readonly PooledBuffer _output = new(1024);
    private byte[] _input = ArrayPool<byte>.Shared.Rent(16 * 1024);
    private int _sent;
    private bool _ended;
    private volatile bool _reading;
    private volatile bool _disposed;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_sent == _output.Length)
        {
            _output.Clear();
            _sent = 0;
            if (_ended)
                return 0;

            _reading = true;
            var read = await source.ReadAsync(_input, cancellationToken);
            _reading = false;
            if (_disposed)
                return 0;
            if (read == 0)
            {
                _ended = true;
                translator.Complete(_output);
            }
            else if (!translator.TryTranslate(_input.AsSpan(0, read), _output))
            {
                throw new IOException("The upstream's stream is not of the API that its channel names.");
            }
        }

        var count = Math.Min(buffer.Length, _output.Length - _sent);
        _output.WrittenSpan.Slice(_sent, count).CopyTo(buffer.Span);
        _sent += count;
        return count;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            translator.Dispose();
            _output.Dispose();

            // A read that a hang-up left behind may still write into the input buffer, so it does not go back to the pool.
            if (!_reading)
                ArrayPool<byte>.Shared.Return(_input);
            _input = [];
            source.Dispose();
        }

        base.Dispose(disposing);
    }
}
