using System.Buffers;
using System.Text.Json;

namespace Gateway.Transforms.Bodies;

/// <summary>The elements of <c>messages</c>, or of a Responses <c>input</c>, and the ends of their tool calls. One forward scan of that array, no DOM.</summary>
/// <remarks>Ranges are offsets in the body. Reusable, not thread-safe; storage is pooled until <see cref="Dispose"/>.</remarks>
public sealed partial class MessageIndex : IDisposable
{
    /// <summary>Most elements; an array with more is not understood.</summary>
    public const int MaxMessages = 16_384;

    /// <summary>Most calls and answers together.</summary>
    public const int MaxMarks = 65_536;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = RequestIndex.MaxDepth };

    private MessageEntry[] _messages = [];
    private ToolMark[] _marks = [];
    private int _messageCount;
    private int _markCount;
    private int _offset;

    /// <summary>The elements, in order; valid until the next read.</summary>
    public ReadOnlySpan<MessageEntry> Messages => _messages.AsSpan(0, _messageCount);

    /// <summary>Calls and answers, in order; valid until the next read.</summary>
    public ReadOnlySpan<ToolMark> Marks => _marks.AsSpan(0, _markCount);

    /// <summary>Reads an array of messages. After a fault, what was read up to it is of no use.</summary>
    /// <param name="body">A body that was found to be JSON.</param>
    /// <param name="array">Where the array stands in it; absent is no array.</param>
    /// <param name="format">Whose array it is.</param>
    /// <exception cref="JsonException">The range holds no JSON.</exception>
    public MessageFault Read(ReadOnlySpan<byte> body, ByteRange array, MessageFormat format)
    {
        _messageCount = _markCount = 0;
        _offset = array.Offset;
        var reader = new Utf8JsonReader(array.Of(body), Options);
        if (!array.IsPresent || !reader.Read() || reader.TokenType is not JsonTokenType.StartArray)
        {
            return MessageFault.NotArray;
        }

        var fault = MessageFault.None;
        while (fault is MessageFault.None && reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            fault = reader.TokenType is JsonTokenType.StartObject ? ReadElement(ref reader, format) : MessageFault.NotObject;
        }

        return fault;
    }

    /// <summary>Returns the storage to the pool.</summary>
    public void Dispose()
    {
        _messageCount = _markCount = 0;
        Return(ref _messages);
        Return(ref _marks);
    }

    private MessageFault Add(MessageEntry entry)
    {
        if (_messageCount == MaxMessages || _markCount > MaxMarks)
        {
            return MessageFault.TooMany;
        }

        Reserve(ref _messages, _messageCount);
        _messages[_messageCount++] = entry;
        return MessageFault.None;
    }

    private void Mark(ByteRange id, bool isResult)
    {
        // One more than allowed is kept, so that the end of the message can tell.
        if (_markCount <= MaxMarks)
        {
            Reserve(ref _marks, _markCount);
            _marks[_markCount++] = new ToolMark(_messageCount, id, isResult);
        }
    }

    private static void Reserve<T>(ref T[] items, int count)
    {
        if (count < items.Length)
        {
            return;
        }

        var larger = ArrayPool<T>.Shared.Rent(Math.Max(64, count * 2));
        items.AsSpan(0, count).CopyTo(larger);
        Return(ref items);
        items = larger;
    }

    private static void Return<T>(ref T[] items)
    {
        if (items.Length > 0)
        {
            ArrayPool<T>.Shared.Return(items);
        }

        items = [];
    }
}
