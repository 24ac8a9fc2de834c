using System.Buffers;
using System.Diagnostics;
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
public sealed class SseRelay : ReadOnlyStream
{
    private static readonly byte[] Ping = ": ping\n\n"u8.ToArray();

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
    private readonly byte[] _input = ArrayPool<byte>.Shared.Rent(16 * 1024);
    private int _outputSent;
    private bool _ended;
    private bool _wasSilent;
    private bool _lastEventEnds;
    private bool _tailIsOut;
    private bool _transcriptIsWhole = true;
    private bool _disposed;
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private long _lastEventAt;
    private TimeSpan _silence;
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

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // YARP asks for zero bytes first, so as to rent its buffer only when there is something to read.
        if (_outputSent == _output.Length)
            CountDelivered();

        while (_outputSent == _output.Length)
        {
            _output.Clear();
            _outputSent = 0;
            if (_tailIsOut)
                return 0;
            if (_ended)
                await EndAsync();
            else if (await MayGoOnAsync())
                await FillAsync(cancellationToken);
            await KeepAsync();
        }

        var count = Math.Min(buffer.Length, _output.Length - _outputSent);
        _output.WrittenSpan.Slice(_outputSent, count).CopyTo(buffer.Span);
        _outputSent += count;
        return count;
    }

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

        // A read that a hang-up left behind may still write into the input buffer, so it does not go back to the pool.
        if (End != RelayEnd.Running)
            ArrayPool<byte>.Shared.Return(_input);
    }

    private void CountDelivered()
    {
        if (_text.Length > 0 && _outputSent > 0)
        {
            if (_clientIsThere())
                _delivered.Append(_text.WrittenSpan);
            _text.Clear();
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

    private async ValueTask<bool> MayGoOnAsync()
    {
        if (Stopwatch.GetElapsedTime(_startedAt) >= _options.MaxTime)
        {
            Finish(RelayEnd.TooLong);
            return false;
        }

        if (_delivered.Count <= _maxOutputTokens)
            return true;
        if (_options.ExtendOutput is { } extend)
            _maxOutputTokens = await extend();
        if (_delivered.Count <= _maxOutputTokens)
            return true;

        Finish(RelayEnd.Exhausted);
        return false;
    }

    private TimeSpan Patience()
    {
        var left = _options.MaxTime - Stopwatch.GetElapsedTime(_startedAt);
        var idle = _options.IdleTimeout - _silence;
        var patience = _options.PingInterval < idle ? _options.PingInterval : idle;
        var least = TimeSpan.FromMilliseconds(1);
        patience = left < patience ? left : patience;
        return patience > least ? patience : least;
    }

    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        int read;
        var waitingSince = Stopwatch.GetTimestamp();
        try
        {
            read = await _reads.ReadAsync(_input, Patience(), cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            Finish(RelayEnd.Broken);
            return;
        }

        // Time that the client takes is not the upstream's silence.
        _silence += Stopwatch.GetElapsedTime(waitingSince);
        if (read == TimedRead.Silent)
        {
            if (!EndsIfSilent())
            {
                _wasSilent = true;
                _output.Write(Ping);
            }

            return;
        }

        if (read == 0)
        {
            _scanner.Complete();
            Relay();
            Finish(HasFinishReason && Reported is not null ? RelayEnd.Complete : RelayEnd.Broken);
            return;
        }

        var incoming = _input.AsSpan(0, read);
        while (!incoming.IsEmpty && !_ended)
        {
            incoming = incoming[_scanner.Feed(incoming)..];
            Relay();
            if (_scanner.Fault != StreamFault.None)
                Finish(RelayEnd.Unreadable);
        }

        EndsIfSilent();
    }

    // Comments, and the bytes of an event that does not come to its end, are no sign of life.
    private bool EndsIfSilent()
    {
        if (_silence < _options.IdleTimeout)
            return false;

        Finish(RelayEnd.Silent);
        return true;
    }

    private void Relay()
    {
        while (!_ended && _scanner.TryNext(out var next))
        {
            switch (next.Kind)
            {
                case EventKind.Chunk:
                    _lastEventAt = Stopwatch.GetTimestamp();
                    _silence = TimeSpan.Zero;
                    RelayChunk(next);
                    break;
                case EventKind.Comment:
                    ChunkRewrite.Unchanged(next, _output);
                    break;
                case EventKind.Done:
                    Finish(RelayEnd.Complete);
                    break;
                case EventKind.Error:
                    Finish(RelayEnd.Error);
                    break;
                case EventKind.NotJson:
                    Finish(RelayEnd.Unreadable);
                    break;
                default:
                    throw new UnreachableException(next.Kind.ToString());
            }
        }
    }

    private void RelayChunk(in SseEvent chunk)
    {
        ref readonly var facts = ref chunk.Facts;
        if (facts.FinishedWithError)
        {
            Finish(RelayEnd.Error);
            return;
        }

        HasFinishReason |= facts.HasFinishReason;
        Images += facts.Images;
        AudioMilliseconds = facts.AudioMilliseconds ?? AudioMilliseconds;
        if (facts.HasContent && !HasContent)
        {
            HasContent = true;
            FirstContentAt = _lastEventAt;
        }

        if (facts.HasUsage && !facts.UsageIsEmpty)
            Reported = facts.TokensAreOutputOnly && Reported is { } earlier ? earlier with { Output = facts.Tokens.Output } : facts.Tokens;

        // The extra chunk that the gateway asked for and the client did not.
        var hidesUsage = _options.Format.UsageIsOptional && !_options.ClientWantsUsage;
        if (facts is { HasUsage: true, ChoicesEmpty: true } && hidesUsage)
            return;

        ReleaseHeld();
        if ((facts.IsFinal && !hidesUsage) || (facts.HasFinishReason && _options.HoldsLastChunk))
            ChunkRewrite.Unchanged(chunk, _held);
        else if (hidesUsage)
            ChunkRewrite.WithoutUsage(chunk, _output);
        else
            ChunkRewrite.Unchanged(chunk, _output);

        _lastEventEnds = facts.EndsStream;
        if (facts.EndsStream)
            Finish(RelayEnd.Complete);
    }

    private void ReleaseHeld()
    {
        if (_held.Length == 0)
            return;

        _output.Write(_held.WrittenSpan);
        _held.Clear();
    }

    private void Finish(RelayEnd end)
    {
        if (_ended)
            return;

        _ended = true;
        End = end;
    }

    private async ValueTask EndAsync()
    {
        var tail = await _onEnd(this);
        if (!tail.ErrorEvent.IsEmpty)
        {
            ReleaseHeld();
            _output.Write(tail.ErrorEvent.Span);
        }
        else
        {
            WriteLast(tail);
            if (!_lastEventEnds)
                _output.Write(_options.Format.Terminator);
        }

        _tailIsOut = true;
    }

    private void WriteLast(in RelayTail tail)
    {
        if (_held.Length == 0)
        {
            if (_options.Format.UsageIsOptional && _options.ClientWantsUsage && !tail.UsageExtra.IsEmpty)
                WriteUsageChunk(tail);
            return;
        }

        using var scanner = new StreamScanner(format: _options.Format);
        scanner.Feed(_held.WrittenSpan);
        scanner.Complete();
        if (scanner.TryNext(out var last))
        {
            var usageExtra = _options.ClientWantsUsage || !_options.Format.UsageIsOptional ? tail.UsageExtra.Span : default;
            ChunkRewrite.WithExtras(last, usageExtra, tail.RootExtra.Span, _output);
        }
    }

    // The client asked for usage and the upstream sent none: it gets ours.
    private void WriteUsageChunk(in RelayTail tail)
    {
        _output.Write("data: {\"object\":\"chat.completion.chunk\",\"choices\":[],\"usage\":{"u8);
        _output.Write(tail.UsageExtra.Span);
        _output.Write("}"u8);
        if (!tail.RootExtra.IsEmpty)
        {
            _output.Write(","u8);
            _output.Write(tail.RootExtra.Span);
        }

        _output.Write("}\n\n"u8);
    }
}
