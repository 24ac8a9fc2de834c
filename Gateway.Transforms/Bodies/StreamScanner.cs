using System.Buffers;

namespace Gateway.Transforms.Bodies;

/// <summary>Cuts an upstream's bytes into server-sent events and reads each once. No I/O; bounded memory, none between two events; nothing allocated per event.</summary>
/// <remarks>
/// <code>
/// while (!incoming.IsEmpty)
/// {
///     incoming = incoming[scanner.Feed(incoming)..];
///     while (scanner.TryNext(out var next)) { … }
///     if (scanner.Fault is not StreamFault.None) { … }
/// }
/// // at the end: scanner.Complete(), and TryNext once more
/// </code>
/// The same bytes give the same events however they are split. An event that ends in a carriage return waits for the byte behind it, which
/// may be its line feed.
/// </remarks>
/// <param name="outputText">Receives the decoded output text of every chunk (content, reasoning, refusals, tool names and arguments), or null.</param>
/// <param name="maxEventBytes">Longest event. Unit: bytes. Default: 1 MiB.</param>
/// <param name="format">The API that the stream speaks. Default: chat completions.</param>
public sealed class StreamScanner(
    IBufferWriter<byte>? outputText = null, int maxEventBytes = StreamScanner.DefaultMaxEventBytes, AnswerFormat? format = null) : IDisposable
{
    /// <summary>Default of the longest event: 1 MiB.</summary>
    public const int DefaultMaxEventBytes = 1024 * 1024;

    private const int LeastCapacity = 1024;

    // One byte more than an event may have shows that it is too large; the other is the line feed behind a last carriage return.
    private readonly int _maxCapacity = checked(maxEventBytes + 2);
    private readonly AnswerFormat _format = format ?? AnswerFormat.Chat;
    private readonly PooledBuffer _joined = new(initialCapacity: 256);
    private byte[] _buffer = [];
    private int _length;
    private int _eventStart;
    private int _lineStart;
    private int _scanned;
    private bool _isFirst = true;
    private bool _completed;
    private bool _disposed;
    private bool _modelIsKnown;
    private AnswerFacts _facts;

    /// <summary>Why no more events come.</summary>
    public StreamFault Fault { get; private set; }

    /// <summary>The model that the first chunk with a model named, decoded; null until then.</summary>
    public string? ReportedModel { get; private set; }

    /// <summary>The id under which the provider keeps the answer, decoded; null if none has come, or it keeps none.</summary>
    public string? AnswerId { get; private set; }

    /// <summary>Takes bytes, as many as there is room for, and returns how many. Room comes from calling <see cref="TryNext"/> until false.</summary>
    public int Feed(ReadOnlySpan<byte> incoming)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Fault is not StreamFault.None || _completed)
        {
            return 0;
        }

        Compact();
        var taken = Math.Min(incoming.Length, Math.Max(_maxCapacity - _length, 0));
        Reserve(taken);
        incoming[..taken].CopyTo(_buffer.AsSpan(_length));
        _length += taken;
        return taken;
    }

    /// <summary>Says that upstream has ended: a last event without its blank line comes out too.</summary>
    public void Complete() => _completed = true;

    /// <summary>The next event. False if there is none yet, none any more, or <see cref="Fault"/> says why.</summary>
    public bool TryNext(out SseEvent next)
    {
        next = default;
        if (Fault is not StreamFault.None)
        {
            return false;
        }

        var isTerminated = TryFindEnd(out var end);
        if (!isTerminated && (!_completed || _eventStart == _length || _length - _eventStart > maxEventBytes))
        {
            Fault = _length - _eventStart > maxEventBytes ? StreamFault.EventTooLarge : StreamFault.None;
            if (_eventStart == _length)
                GiveBack();
            return false;
        }

        if (end - _eventStart > maxEventBytes)
        {
            Fault = StreamFault.EventTooLarge;
            return false;
        }

        var lines = SseLines.Read(_buffer.AsSpan(_eventStart, end - _eventStart), _isFirst, _joined);
        _isFirst = false;
        _eventStart = _lineStart = _scanned = end;
        next = new SseEvent(Read(lines), lines, isTerminated, ref _facts);
        return true;
    }

    /// <summary>Returns the memory. Events read before are gone.</summary>
    public void Dispose()
    {
        _disposed = true;
        GiveBack();
    }

    private void GiveBack()
    {
        var buffer = _buffer;
        _buffer = [];
        _length = _eventStart = _lineStart = _scanned = 0;
        _joined.Dispose();
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private bool TryFindEnd(out int end)
    {
        end = _length;
        while (true)
        {
            var offset = _buffer.AsSpan(_scanned, _length - _scanned).IndexOfAny((byte)'\n', (byte)'\r');
            if (offset < 0)
            {
                _scanned = _length;
                return false;
            }

            var lineEnd = _scanned + offset;
            var next = lineEnd + 1;
            if (_buffer[lineEnd] == '\r')
            {
                if (next == _length && !_completed)
                {
                    _scanned = lineEnd;
                    return false;
                }

                next += next < _length && _buffer[next] == '\n' ? 1 : 0;
            }

            var isBlank = IsBlank(lineEnd);
            _scanned = _lineStart = next;
            if (isBlank)
            {
                end = next;
                return true;
            }
        }
    }

    private bool IsBlank(int lineEnd) =>
        lineEnd == _lineStart
        || (_isFirst && _lineStart == _eventStart && _buffer.AsSpan(_lineStart, lineEnd - _lineStart).SequenceEqual(SseLines.ByteOrderMark));

    private EventKind Read(SseLines lines)
    {
        _facts = default;
        var data = lines.Data;
        if (data.IsEmpty)
        {
            return EventKind.Comment;
        }

        var kind = _format.ReadEvent(data, lines.EventName, out _facts, outputText);
        if (!_modelIsKnown && _facts.Model.IsPresent)
        {
            ReportedModel = AnswerReader.DecodeName(data, _facts.Model);
            _modelIsKnown = true;
        }

        if (AnswerId is null && _format.KeepsAnswers && _facts.Id.IsPresent)
        {
            AnswerId = AnswerReader.DecodeName(data, _facts.Id);
        }

        return kind;
    }

    private void Compact()
    {
        if (_eventStart == 0)
        {
            return;
        }

        _buffer.AsSpan(_eventStart, _length - _eventStart).CopyTo(_buffer);
        _length -= _eventStart;
        _lineStart -= _eventStart;
        _scanned -= _eventStart;
        _eventStart = 0;
    }

    private void Reserve(int count)
    {
        if (_buffer.Length - _length >= count)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + count, Math.Min(Math.Max(_buffer.Length * 2, LeastCapacity), _maxCapacity)));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
