using System.Threading.Tasks.Sources;
using Gateway.Transforms.Streaming;

namespace Gateway.Tests.Streaming;

/// <summary>An upstream whose reads wait until bytes arrive, as those of a network do, but all on one thread and without allocating.</summary>
internal sealed class ArrivingStream : ReadOnlyStream, IValueTaskSource<int>
{
    private ManualResetValueTaskSourceCore<int> _wait;
    private Memory<byte> _buffer;
    private ReadOnlyMemory<byte> _arrived;
    private bool _isWaiting;
    private bool _hasEnded;

    /// <summary>Bytes arrive; a read that waits goes on from here.</summary>
    public void Arrive(ReadOnlyMemory<byte> bytes)
    {
        _arrived = bytes;
        Answer();
    }

    /// <summary>The upstream ends.</summary>
    public void End()
    {
        _hasEnded = true;
        Answer();
    }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_arrived.IsEmpty || _hasEnded)
            return new ValueTask<int>(Take(buffer));

        _wait.Reset();
        _buffer = buffer;
        _isWaiting = true;
        return new ValueTask<int>(this, _wait.Version);
    }

    int IValueTaskSource<int>.GetResult(short token) => _wait.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);

    private void Answer()
    {
        if (!_isWaiting)
            return;

        _isWaiting = false;
        _wait.SetResult(Take(_buffer));
    }

    private int Take(Memory<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _arrived.Length);
        _arrived[..count].CopyTo(buffer);
        _arrived = _arrived[count..];
        return count;
    }
}
