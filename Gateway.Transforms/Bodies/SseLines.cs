namespace Gateway.Transforms.Bodies;

/// <summary>The fields of one event: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation</summary>
internal ref struct SseLines
{
    public static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    public ReadOnlySpan<byte> Raw { get; private set; }

    public ReadOnlySpan<byte> Data { get; private set; }

    public ReadOnlySpan<byte> EventName { get; private set; }

    /// <summary>Where <see cref="Data"/> stands in <see cref="Raw"/>; -1 if it was joined from several lines.</summary>
    public int DataOffset { get; private set; }

    public int DataLines { get; private set; }

    /// <summary>Reads the lines of an event. Several data lines are joined in <paramref name="joined"/>, which the result refers to.</summary>
    public static SseLines Read(ReadOnlySpan<byte> raw, bool isFirst, PooledBuffer joined)
    {
        var lines = new SseLines { Raw = raw };
        var position = isFirst && raw.StartsWith(ByteOrderMark) ? ByteOrderMark.Length : 0;
        while (position < raw.Length)
        {
            var rest = raw[position..];
            var length = rest.IndexOfAny((byte)'\n', (byte)'\r');
            var line = length < 0 ? rest : rest[..length];
            lines.Add(line, position, joined);
            position += length < 0 ? rest.Length : length + 1;
        }

        if (lines.DataLines > 1)
        {
            lines.Data = joined.WrittenSpan;
            lines.DataOffset = -1;
        }

        return lines;
    }

    /// <summary>True if a line is a data field.</summary>
    public static bool IsData(ReadOnlySpan<byte> line) => line.StartsWith("data"u8) && (line.Length == 4 || line[4] == ':');

    private void Add(ReadOnlySpan<byte> line, int position, PooledBuffer joined)
    {
        if (IsData(line))
        {
            var value = Value(line, "data".Length);
            if (++DataLines > 1)
            {
                Join(value, joined);
                return;
            }

            Data = value;
            DataOffset = position + line.Length - value.Length;
        }
        else if (line.StartsWith("event:"u8))
        {
            EventName = Value(line, "event".Length);
        }
    }

    private readonly void Join(ReadOnlySpan<byte> value, PooledBuffer joined)
    {
        if (DataLines == 2)
        {
            joined.Clear();
            JsonText.Append(joined, Data, escaped: false);
        }

        JsonText.Append(joined, "\n"u8, escaped: false);
        JsonText.Append(joined, value, escaped: false);
    }

    private static ReadOnlySpan<byte> Value(ReadOnlySpan<byte> line, int nameLength)
    {
        if (line.Length == nameLength)
        {
            return [];
        }

        var value = line[(nameLength + 1)..];
        return value.Length > 0 && value[0] == ' ' ? value[1..] : value;
    }
}
