using System.Threading.Tasks.Sources;

namespace Gateway.Transforms.Streaming;

/// <summary>Reads a stream, but comes back after a while with nothing when the stream is silent; the read goes on and its bytes come with the next call.</summary>
/// <remarks>Cancelling the read instead would kill the connection, and <c>Task.WhenAny</c> would allocate for each chunk. One caller at a time.</remarks>
internal sealed class TimedRead : IValueTaskSource<int>, IDisposable
{
    /// <summary>The answer when time is over and the read goes on.</summary>
    public const int Silent = -1;

    private const long NotSet = long.MaxValue;

    private readonly Stream _source;
    private readonly Action _onCompleted;
    private readonly Timer _timer;
    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<int> _wait;
    private System.Runtime.CompilerServices.ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _read;
    private bool _reading;
    private bool _completed;
    private bool _waiting;
    private bool _disposed;

    // Milliseconds of Environment.TickCount64, the clock of timers.
    private long _waitEndsAt;
    private long _timerFiresAt = NotSet;

    public TimedRead(Stream source)
    {
        _source = source;
        _onCompleted = OnCompleted;
        _timer = new Timer(static state => ((TimedRead)state!).OnTimer(), this, Timeout.Infinite, Timeout.Infinite);
    }

    /// <summary>Bytes read, 0 at the end, <see cref="Silent"/> when <paramref name="patience"/> is over. The buffer stays the stream's until bytes come.</summary>
    /// <remarks>An empty buffer waits until there is something to read, or the end, where the source knows how to; its 0 says nothing.</remarks>
    public ValueTask<int> ReadAsync(Memory<byte> buffer, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (!_reading)
        {
            var task = _source.ReadAsync(buffer, cancellationToken);
            if (task.IsCompleted)
                return task;

            _reading = true;
            _completed = false;
            _read = task.ConfigureAwait(false).GetAwaiter();
            _read.UnsafeOnCompleted(_onCompleted);
        }

        lock (_gate)
        {
            if (!_completed)
            {
                _wait.Reset();
                _waiting = true;
                _waitEndsAt = Environment.TickCount64 + (long)Math.Ceiling(patience.TotalMilliseconds);
                SetTimer();
                return new ValueTask<int>(this, _wait.Version);
            }
        }

        _reading = false;
        return new ValueTask<int>(_read.GetResult());
    }

    /// <inheritdoc/>
    public int GetResult(short token)
    {
        var result = _wait.GetResult(token);
        if (result == Silent)
            return Silent;

        _reading = false;
        return _read.GetResult();
    }

    /// <inheritdoc/>
    public ValueTaskSourceStatus GetStatus(short token) => _wait.GetStatus(token);

    /// <inheritdoc/>
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
            _disposed = true;
        _timer.Dispose();
    }

    private void OnCompleted()
    {
        lock (_gate)
        {
            _completed = true;
            if (!_waiting)
                return;
            _waiting = false;
        }

        _wait.SetResult(0);
    }

    private void OnTimer()
    {
        lock (_gate)
        {
            _timerFiresAt = NotSet;
            if (!_waiting || _disposed)
                return;
            if (_waitEndsAt > Environment.TickCount64)
            {
                SetTimer();
                return;
            }

            _waiting = false;
        }

        _wait.SetResult(Silent);
    }

    // A wait that is over leaves the timer as it is: to set it for each read, and back, would cost more than the read of a chunk.
    private void SetTimer()
    {
        if (_timerFiresAt <= _waitEndsAt)
            return;

        _timerFiresAt = _waitEndsAt;
        _timer.Change(Math.Max(0, _waitEndsAt - Environment.TickCount64), Timeout.Infinite);
    }
}
