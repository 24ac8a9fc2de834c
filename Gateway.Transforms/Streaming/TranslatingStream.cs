using System.Buffers;
using System.Runtime.CompilerServices;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Providers;

namespace Gateway.Transforms.Streaming;

/// <summary>A stream of one API's events, read as another's.</summary>
/// <remarks>
/// It asks its source only when all that it made of the last bytes was taken: so what a relay behind it counts as delivered, was.
/// Who asks with an empty buffer has it wait without one, too.
/// </remarks>
public sealed class TranslatingStream(Stream source, IStreamTranslator translator) : ReadOnlyStream
{
    // The second is lent to a read that may wait.
    private const int InputBytes = 16 * 1024;
    private const int WaitingInputBytes = 4 * 1024;

    private readonly PooledBuffer _output = new(1024);
    private int _sent;
    private bool _ended;
    private volatile bool _disposed;

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _sent < _output.Length ? new ValueTask<int>(Take(buffer)) : NextAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            translator.Dispose();
            _output.Dispose();
            source.Dispose();
        }

        base.Dispose(disposing);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> NextAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (_sent == _output.Length)
        {
            _output.Dispose();
            _sent = 0;
            if (_ended)
                return 0;
            if (buffer.IsEmpty)
                _ = await source.ReadAsync(Memory<byte>.Empty, cancellationToken);
            if (_disposed)
                return 0;

            // Not in a finally: a read that a hang-up leaves behind may still write into it, so it does not go back to the pool.
            var input = ArrayPool<byte>.Shared.Rent(buffer.IsEmpty ? InputBytes : WaitingInputBytes);
            var read = await source.ReadAsync(input, cancellationToken);
            if (!_disposed)
                Translate(input.AsSpan(0, read));
            ArrayPool<byte>.Shared.Return(input);
            if (_disposed)
                return 0;
        }

        return Take(buffer);
    }

    private void Translate(ReadOnlySpan<byte> incoming)
    {
        if (incoming.IsEmpty)
        {
            _ended = true;
            translator.Complete(_output);
        }
        else if (!translator.TryTranslate(incoming, _output))
        {
            throw new IOException("The upstream's stream is not of the API that its channel names.");
        }
    }

    private int Take(Memory<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _output.Length - _sent);
        _output.WrittenSpan.Slice(_sent, count).CopyTo(buffer.Span);
        _sent += count;
        return count;
    }
}
