using System.Buffers;

namespace Gateway.Transforms.Tokens;

/// <summary>Counts the tokens of text that arrives in parts, such as a streamed answer. For one stream, whose count others may ask for while it goes on.</summary>
/// <remarks>
/// The count equals that of the whole text at once, wherever the parts are split, even inside a character. Only a run of over 4,000 bytes without
/// a certain cut (one endless word, or symbol, or blank) is counted in parts, which may add a token or two per 4,096 bytes.
/// </remarks>
public sealed class DeliveredTokens : IDisposable
{
    /// <summary>Text that waits for its end. Unit: bytes. A stream's memory, and the most that <see cref="Count"/> counts again.</summary>
    private const int BufferBytes = 4_096;

    /// <summary>What a first part takes: most streams wait with a word or two. Unit: bytes.</summary>
    private const int FirstBytes = 256;

    private readonly TokenCounter _counter;
    private readonly Lock _gate = new();
    private byte[]? _buffer;
    private int _pending;
    private int _pendingTokens;
    private bool _pendingCounted = true;
    private long _finished;

    /// <summary>An empty stream that is counted with <paramref name="counter"/>.</summary>
    public DeliveredTokens(TokenCounter counter)
    {
        ArgumentNullException.ThrowIfNull(counter);
        _counter = counter;
    }

    /// <summary>Tokens of all text so far. Unit: tokens. Remains readable after <see cref="Dispose"/>.</summary>
    public long Count
    {
        get
        {
            lock (_gate)
                return CountAll();
        }
    }

    /// <summary>No less than <see cref="Count"/>, and known without counting: a token has a byte at least. Unit: tokens.</summary>
    public long AtMost
    {
        get
        {
            lock (_gate)
                return _finished + (_pendingCounted ? _pendingTokens : _pending);
        }
    }

    /// <summary>Adds the next part of the text. After <see cref="Dispose"/> it starts a new buffer.</summary>
    /// <param name="utf8">Unescaped text; may be empty, and may start or end inside a character.</param>
    public void Append(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty) return;
        lock (_gate)
            Add(utf8);
    }

    /// <summary>Counts what is pending and returns the buffer.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_buffer is null) return;
            _finished = CountAll();
            _pendingTokens = 0;
            _pending = 0;
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
        }
    }

    private long CountAll()
    {
        if (!_pendingCounted && _buffer is not null)
        {
            Finish(CertainCut.Last(_buffer.AsSpan(0, _pending)));
            _pendingTokens = _counter.Count(_buffer.AsSpan(0, _pending));
            _pendingCounted = true;
        }

        return _finished + _pendingTokens;
    }

    private void Add(ReadOnlySpan<byte> utf8)
    {
        Reserve(Math.Min(_pending + utf8.Length, BufferBytes));
        _pendingTokens = 0;
        _pendingCounted = false;
        while (!utf8.IsEmpty)
        {
            if (_pending == BufferBytes) MakeRoom();
            var part = utf8[..Math.Min(utf8.Length, BufferBytes - _pending)];
            part.CopyTo(_buffer.AsSpan(_pending));
            _pending += part.Length;
            utf8 = utf8[part.Length..];
        }
    }

    private void Reserve(int bytes)
    {
        if (_buffer is not null && _buffer.Length >= bytes) return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(bytes, FirstBytes));
        if (_buffer is not null)
        {
            _buffer.AsSpan(0, _pending).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        _buffer = larger;
    }

    private void MakeRoom()
    {
        var cut = CertainCut.Last(_buffer.AsSpan(0, BufferBytes));
        Finish(cut > 0 ? cut : ForcedCut());
    }

    /// <summary>A character's start near a multiple of 128 bytes, the longest token: runs of one symbol are tokens of 64 or 128.</summary>
    private int ForcedCut()
    {
        var at = BufferBytes - 128;
        while (at > BufferBytes - 132 && (_buffer.AsSpan()[at] & 0xC0) == 0x80) at--;
        return at;
    }

    private void Finish(int bytes)
    {
        if (bytes == 0) return;
        var buffer = _buffer.AsSpan(0, _pending);
        _finished += _counter.Count(buffer[..bytes]);
        buffer[bytes..].CopyTo(buffer);
        _pending -= bytes;
    }
}
