using System.Diagnostics;
using System.Runtime.CompilerServices;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Tokens;

namespace Gateway.Transforms.Streaming;

/// <summary>
/// The stream that YARP copies to the client in place of the upstream's: events pass through as they come, usage and delivered text are
/// read on the way, and the end waits for the settlement.
/// </summary>
/// <remarks>
/// YARP writes what one read returned, and flushes it, before it reads again. So when a read begins, all that earlier reads returned has
/// been given to the client's socket: only then does its text count as delivered.
/// </remarks>
public sealed partial class SseRelay : ReadOnlyStream
{
    private readonly RelayOptions _options;
    private readonly Func<SseRelay, ValueTask<RelayTail>> _onEnd;
    private readonly Func<SseRelay, ValueTask>? _onLastBytes;
    private readonly Func<bool> _clientIsThere;
    private readonly Stream _upstream;
    private readonly TimedRead _reads;
    private readonly PooledBuffer _text = new(256);
    private readonly PooledBuffer _output = new(2048);
    private readonly PooledBuffer _held = new(512);
    private readonly PooledBuffer? _transcript;
    private readonly StreamScanner _scanner;
    private readonly DeliveredTokens _delivered;
    private int _outputSent;
    private bool _ended;
    private bool _lastEventEnds;
    private bool _tailIsOut;
    private bool _transcriptIsWhole = true;
    private bool _disposed;
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private long _maxOutputTokens;

    /// <summary>Relays <paramref name="upstream"/>.</summary>
    /// <param name="upstream">The upstream's body.</param>
    /// <param name="options">How.</param>
    /// <param name="clientIsThere">Whether the client's connection is open: what is written to a closed one is not delivered.</param>
    /// <param name="onEnd">Settles, and says what follows the last content.</param>
    /// <param name="onLastBytes">Runs when the last bytes are known and have not left.</param>
    public SseRelay(
        Stream upstream, RelayOptions options, Func<bool> clientIsThere, Func<SseRelay, ValueTask<RelayTail>> onEnd, Func<SseRelay, ValueTask>? onLastBytes = null)
    {
        _onLastBytes = onLastBytes;
        _maxOutputTokens = options.MaxOutputTokens;
        _transcript = options.MaxTranscriptBytes > 0 ? new PooledBuffer(2048) : null;
        _upstream = upstream;
        _options = options;
        _clientIsThere = clientIsThere;
        _onEnd = onEnd;
        _reads = new TimedRead(upstream);
        _scanner = new StreamScanner(_text, format: options.Format);
        _delivered = new DeliveredTokens(TokenCounter.For(options.Encoding));
    }

    /// <summary>The API that the stream speaks.</summary>
    public AnswerFormat Format => _options.Format;

    /// <summary>How the upstream's part ended.</summary>
    public RelayEnd End { get; private set; }

    /// <summary>The last usage that the upstream reported; <c>null</c>: none.</summary>
    public UsageTokens? Reported { get; private set; }

    /// <summary>Our count of the output text that was given to the client's socket. Unit: tokens.</summary>
    public long DeliveredTokens => _delivered.Count;

    /// <summary>Our count of all output text that came, what has not left yet included. For a stream that is at its end.</summary>
    public long ReceivedTokens()
    {
        if (_text.Length > 0)
        {
            _delivered.Append(_text.WrittenSpan);
            _text.Clear();
        }

        return _delivered.Count;
    }

    /// <summary>Whether any output has come, delivered or not.</summary>
    public bool HasContent { get; private set; }

    /// <summary>Whether a finish reason has come.</summary>
    public bool HasFinishReason { get; private set; }

    /// <summary>When the first content came (<see cref="Stopwatch"/> ticks); 0: none yet.</summary>
    public long FirstContentAt { get; private set; }

    /// <summary>When the last content came (<see cref="Stopwatch"/> ticks); 0: none yet.</summary>
    public long LastContentAt { get; private set; }

    /// <summary>The model that the first chunk names.</summary>
    public string? ReportedModel => _scanner.ReportedModel;

    /// <summary>The answer's own id, of an API that gives one that can be asked for later.</summary>
    public string? AnswerId => _scanner.AnswerId;

    /// <summary>Images that came.</summary>
    public long Images { get; private set; }

    /// <summary>The length of the sound, as the upstream says it. Unit: milliseconds; <c>null</c>: it does not say.</summary>
    public long? AudioMilliseconds { get; private set; }

    /// <summary>Whether the last bytes were given to the client's socket while it was open.</summary>
    public bool IsDelivered { get; private set; }

    /// <summary>All bytes that the client gets, known once the last ones are; empty: none were kept, or there were too many.</summary>
    public ReadOnlyMemory<byte> Transcript => _transcript is not null && _transcriptIsWhole ? _transcript.WrittenMemory : default;

    // YARP asks for zero bytes first, so as to rent its buffer only when there is something to read; then it takes what is here.
    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _outputSent < _output.Length ? new ValueTask<int>(Take(buffer)) : NextAsync(buffer, cancellationToken);

    /// <summary>Reads on until there is content, or the end, or the upstream has been silent for a ping's time: what is known by then decides whether the client gets this stream.</summary>
    /// <returns>False: it failed before it said anything, and nothing of it needs to be shown.</returns>
    public async ValueTask<bool> BeginAsync(CancellationToken cancellationToken)
    {
        var begunAt = Stopwatch.GetTimestamp();
        while (!_ended && !HasContent && !_wasSilent && Stopwatch.GetElapsedTime(begunAt) < _options.PingInterval)
            await FillAsync(cancellationToken);
        await KeepAsync();
        return !_ended || End is RelayEnd.Complete or RelayEnd.Exhausted || HasContent;
    }

    /// <summary>Returns the memory. The pipeline calls it when it has settled: YARP disposes its stream before that.</summary>
    public void Release()
    {
        if (_disposed)
            return;

        _disposed = true;
        _reads.Dispose();
        _scanner.Dispose();
        _delivered.Dispose();
        _text.Dispose();
        _output.Dispose();
        _held.Dispose();
        _transcript?.Dispose();
        _upstream.Dispose();
    }

    // Each chunk of each stream passes here, and mostly waits: what an async method keeps meanwhile comes from a pool.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> NextAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        CountDelivered();
        while (_outputSent == _output.Length)
        {
            // The memory of what has left goes back: a stream that waits holds none.
            _output.Dispose();
            _outputSent = 0;
            if (_tailIsOut)
                return 0;

            if (_ended)
                await EndAsync();
            else if (await MayGoOnAsync())
                await FillAsync(cancellationToken);
            await KeepAsync();
        }

        return Take(buffer);
    }

    private int Take(Memory<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _output.Length - _outputSent);
        _output.WrittenSpan.Slice(_outputSent, count).CopyTo(buffer.Span);
        _outputSent += count;
        return count;
    }

    private void CountDelivered()
    {
        if (_text.Length > 0 && _outputSent > 0)
        {
            if (_clientIsThere())
                _delivered.Append(_text.WrittenSpan);
            _text.Dispose();
        }

        if (_tailIsOut)
            IsDelivered = _clientIsThere();
    }

    private ValueTask KeepAsync()
    {
        if (_transcript is not null && _transcriptIsWhole)
        {
            _transcriptIsWhole = _transcript.Length + _output.Length <= _options.MaxTranscriptBytes;
            if (_transcriptIsWhole)
                _transcript.Write(_output.WrittenSpan);
        }

        return _tailIsOut && _onLastBytes is not null ? _onLastBytes(this) : ValueTask.CompletedTask;
    }
}
