using System.Buffers;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Streaming;

/// <content>The upstream's side: how long it may take, what its silence means, and what memory a wait holds.</content>
public sealed partial class SseRelay
{
    // A read of zero bytes waits without a buffer, and costs a fast upstream another system call for each chunk.
    private static readonly TimeSpan SlowWait = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LeastPatience = TimeSpan.FromMilliseconds(1);

    // The second is lent to a read that may wait: as much as a connection of HTTP/1.1 has at once.
    private const int InputBytes = 16 * 1024;
    private const int WaitingInputBytes = 4 * 1024;

    private byte[]? _input;
    private long _arrivedAt;
    private TimeSpan _silence;
    private bool _wasSilent;
    private bool _isSlow = true;

    private static ReadOnlySpan<byte> Ping => ": ping\n\n"u8;

    private ValueTask<bool> MayGoOnAsync() =>
        _delivered.AtMost <= _maxOutputTokens || _delivered.Count <= _maxOutputTokens ? new ValueTask<bool>(true) : ExtendAsync();

    private async ValueTask<bool> ExtendAsync()
    {
        if (_options.ExtendOutput is { } extend)
            _maxOutputTokens = await extend();
        if (_delivered.Count <= _maxOutputTokens)
            return true;

        Finish(RelayEnd.Exhausted);
        return false;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        var waitingSince = Stopwatch.GetTimestamp();
        var left = _options.MaxTime - Stopwatch.GetElapsedTime(_startedAt, waitingSince);
        if (left <= TimeSpan.Zero)
        {
            Finish(RelayEnd.TooLong);
            return;
        }

        int read;
        var patience = Patience(left);
        try
        {
            // What waited is silent, or goes on below with what it waited for.
            read = _isSlow && _input is null ? await _reads.ReadAsync(Memory<byte>.Empty, patience, cancellationToken) : 0;
            if (read != TimedRead.Silent)
            {
                _input ??= ArrayPool<byte>.Shared.Rent(_isSlow ? InputBytes : WaitingInputBytes);
                read = await _reads.ReadAsync(_input, patience, cancellationToken);
            }
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            ReturnInput();
            Finish(RelayEnd.Broken);
            return;
        }

        // Time that the client takes is not the upstream's silence.
        _arrivedAt = Stopwatch.GetTimestamp();
        var waited = Stopwatch.GetElapsedTime(waitingSince, _arrivedAt);
        _silence += waited;
        if (read == TimedRead.Silent)
            PassSilence();
        else
            Receive(read, waited);
    }

    private TimeSpan Patience(TimeSpan left)
    {
        var idle = _options.IdleTimeout - _silence;
        var patience = _options.PingInterval < idle ? _options.PingInterval : idle;
        patience = left < patience ? left : patience;
        return patience > LeastPatience ? patience : LeastPatience;
    }

    private void PassSilence()
    {
        if (EndsIfSilent())
            return;

        _wasSilent = true;
        _output.Write(Ping);
    }

    private void Receive(int read, TimeSpan waited)
    {
        _isSlow = waited > SlowWait;
        if (read == 0)
        {
            _scanner.Complete();
            Relay();
            Finish(HasFinishReason && Reported is not null ? RelayEnd.Complete : RelayEnd.Broken);
        }
        else
        {
            Feed(_input.AsSpan(0, read));
            EndsIfSilent();
        }

        ReturnInput();
    }

    private void Feed(ReadOnlySpan<byte> incoming)
    {
        while (!incoming.IsEmpty && !_ended)
        {
            incoming = incoming[_scanner.Feed(incoming)..];
            Relay();
            if (_scanner.Fault != StreamFault.None)
                Finish(RelayEnd.Unreadable);
        }
    }

    // Never while a read is under way: what a hang-up or a silent end leaves behind may still write into the buffer, so it does not go back to the pool.
    private void ReturnInput()
    {
        if (_input is null)
            return;

        ArrayPool<byte>.Shared.Return(_input);
        _input = null;
    }

    // Comments, and the bytes of an event that does not come to its end, are no sign of life.
    private bool EndsIfSilent()
    {
        if (_silence < _options.IdleTimeout)
            return false;

        Finish(RelayEnd.Silent);
        return true;
    }
}
