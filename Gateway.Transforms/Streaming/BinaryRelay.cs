using System.Buffers;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Gateway.Transforms.Streaming;

/// <summary>
/// The stream that YARP copies to the client in place of the upstream's, for an answer that is neither JSON nor events: sound, or subtitles.
/// Its bytes pass through as they come, but the last read waits for the settlement.
/// </summary>
/// <remarks>
/// Such an answer has no place for an error. So one that broke off, or could not be settled, ends with an exception: YARP then cuts the
/// client's connection, and no client takes it for whole. As for <see cref="SseRelay"/>: when a read begins, all that earlier reads
/// returned has been given to the client's socket.
/// </remarks>
public sealed class BinaryRelay : ReadOnlyStream
{
    /// <summary>The most that is held back. Unit: bytes.</summary>
    public const int BlockBytes = 16 * 1024;

    private readonly Stream _upstream;
    private readonly BinaryRelayOptions _options;
    private readonly Func<bool> _clientIsThere;
    private readonly Func<BinaryRelay, ValueTask<bool>> _onEnd;
    private readonly Func<BinaryRelay, ValueTask>? _onLastBytes;
    private readonly TimedRead _reads;
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private byte[]? _input;
    private byte[]? _held;
    private byte[]? _output;
    private int _heldLength;
    private int _outputLength;
    private int _outputSent;
    private int _given;
    private bool _isSettled;
    private bool _tailIsOut;
    private bool _disposed;

    /// <summary>Relays <paramref name="upstream"/>.</summary>
    /// <param name="upstream">The upstream's body.</param>
    /// <param name="options">How.</param>
    /// <param name="clientIsThere">Whether the client's connection is open: what is written to a closed one is not delivered.</param>
    /// <param name="onEnd">Settles, however the upstream's part ended; false: it could not.</param>
    /// <param name="onLastBytes">Runs when the answer is whole and settled, and its last bytes have not left.</param>
    public BinaryRelay(
        Stream upstream, BinaryRelayOptions options, Func<bool> clientIsThere, Func<BinaryRelay, ValueTask<bool>> onEnd, Func<BinaryRelay, ValueTask>? onLastBytes = null)
    {
        _upstream = upstream;
        _options = options;
        _clientIsThere = clientIsThere;
        _onEnd = onEnd;
        _onLastBytes = onLastBytes;
        _reads = new TimedRead(upstream);
    }

    /// <summary>How the upstream's part ended: complete, broken, silent, or too long in time or bytes.</summary>
    public RelayEnd End { get; private set; }

    /// <summary>All bytes that came. Unit: bytes.</summary>
    public long ReceivedBytes { get; private set; }

    /// <summary>Bytes that were given to the client's socket while it was open. Unit: bytes.</summary>
    public long DeliveredBytes { get; private set; }

    /// <summary>When the first bytes came (<see cref="Stopwatch"/> ticks); 0: none yet.</summary>
    public long FirstByteAt { get; private set; }

    /// <summary>Whether the last bytes were given to the client's socket while it was open.</summary>
    public bool IsDelivered { get; private set; }

    // YARP asks for zero bytes first, so as to rent its buffer only when there is something to read; then it takes what is here.
    /// <inheritdoc/>
    /// <exception cref="IOException">The answer is not whole, or could not be settled: the client must not take it for whole.</exception>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        CountDelivered();
        return _outputSent < _outputLength ? new ValueTask<int>(Take(buffer)) : NextAsync(buffer, cancellationToken);
    }

    /// <summary>Reads on until the first bytes have come: what is known by then decides whether the client gets this answer.</summary>
    /// <returns>False: it ended without any, and nothing of it needs to be shown.</returns>
    public async ValueTask<bool> BeginAsync(CancellationToken cancellationToken)
    {
        while (ReceivedBytes == 0 && End == RelayEnd.Running)
            await FillAsync(cancellationToken);
        return ReceivedBytes > 0;
    }

    /// <summary>Returns the memory. The pipeline calls it when it has settled: YARP disposes its stream before that.</summary>
    public void Release()
    {
        if (_disposed)
            return;

        _disposed = true;
        _reads.Dispose();
        _upstream.Dispose();
        GiveBack(ref _held);
        GiveBack(ref _output);
        (_heldLength, _outputLength, _outputSent) = (0, 0, 0);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> NextAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (_outputSent == _outputLength)
        {
            GiveBack(ref _output);
            if (_tailIsOut)
            {
                IsDelivered = _clientIsThere();
                return 0;
            }

            if (End == RelayEnd.Running)
                await FillAsync(cancellationToken);
            else
                await EndAsync();
        }

        return Take(buffer);
    }

    private int Take(Memory<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _outputLength - _outputSent);
        _output.AsSpan(_outputSent, count).CopyTo(buffer.Span);
        _outputSent += count;
        _given = count;
        return count;
    }

    private void CountDelivered()
    {
        if (_given > 0 && _clientIsThere())
            DeliveredBytes += _given;
        _given = 0;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var left = _options.MaxTime - Stopwatch.GetElapsedTime(_startedAt);
        if (left <= TimeSpan.Zero)
        {
            End = RelayEnd.TooLong;
            return;
        }

        int read;
        var patience = left < _options.IdleTimeout ? left : _options.IdleTimeout;
        try
        {
            // A read of zero bytes waits without a buffer.
            read = _input is null ? await _reads.ReadAsync(Memory<byte>.Empty, patience, cancellationToken) : 0;
            if (read != TimedRead.Silent)
            {
                _input ??= ArrayPool<byte>.Shared.Rent(BlockBytes);
                read = await _reads.ReadAsync(_input.AsMemory(0, BlockBytes), patience, cancellationToken);
            }
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            End = RelayEnd.Broken;
            return;
        }

        if (read == TimedRead.Silent)
            End = left < _options.IdleTimeout ? RelayEnd.TooLong : RelayEnd.Silent;
        else if (read == 0)
            Complete();
        else
            Receive(read);
    }

    private void Complete()
    {
        GiveBack(ref _input);
        End = RelayEnd.Complete;
    }

    private void Receive(int read)
    {
        if (ReceivedBytes == 0)
            FirstByteAt = Stopwatch.GetTimestamp();
        ReceivedBytes += read;
        if (ReceivedBytes > _options.MaxBytes)
        {
            End = RelayEnd.TooLong;
            return;
        }

        // What was held goes out, what came is held.
        ReleaseHeld();
        (_held, _input) = (_input, null);
        _heldLength = read;
    }

    private void ReleaseHeld()
    {
        GiveBack(ref _output);
        (_output, _held) = (_held, null);
        (_outputLength, _outputSent, _heldLength) = (_heldLength, 0, 0);
    }

    // Never the input while a read is under way: one that was left behind, by a hang-up or for its silence, may still write into it.
    private static void GiveBack(ref byte[]? block)
    {
        if (block is not null)
            ArrayPool<byte>.Shared.Return(block);
        block = null;
    }

    private async ValueTask EndAsync()
    {
        // A second read behind the exception gets it again, and does not settle again.
        var settles = !_isSettled;
        _isSettled = true;
        if (!settles || !await _onEnd(this) || End != RelayEnd.Complete)
            throw new IOException($"The answer ended as {End} and is not whole, or was not settled: its connection is cut.");

        if (_onLastBytes is not null)
            await _onLastBytes(this);
        ReleaseHeld();
        _tailIsOut = true;
    }
}
