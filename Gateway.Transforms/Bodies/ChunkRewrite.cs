using System.Buffers;

namespace Gateway.Transforms.Bodies;

/// <summary>Writes events on to the client: as they came, or with few bytes changed.</summary>
/// <remarks>An event whose data stood on several lines is written on one when it changes. An unterminated one gets its blank line then.</remarks>
public static class ChunkRewrite
{
    /// <summary>Writes the event byte for byte.</summary>
    public static void Unchanged(in SseEvent source, IBufferWriter<byte> output) => output.Write(source.Raw);

    /// <summary>Writes the event without its <c>"usage":null</c>; byte for byte if it has none.</summary>
    public static void WithoutNullUsage(in SseEvent source, IBufferWriter<byte> output)
    {
        if (source.Facts.UsageIsNull)
        {
            WithoutUsage(source, output);
            return;
        }

        Unchanged(source, output);
    }

    /// <summary>Writes the event without its usage, null or not; byte for byte if it has none.</summary>
    public static void WithoutUsage(in SseEvent source, IBufferWriter<byte> output)
    {
        var member = source.Facts.UsageMember;
        if (!member.IsPresent)
        {
            Unchanged(source, output);
            return;
        }

        WriteHead(source, output);
        WriteOnOneLine(source.Data[..member.Offset], output);
        WriteOnOneLine(source.Data[member.End..], output);
        WriteTail(source, output);
    }

    /// <summary>Writes the event with extra members.</summary>
    /// <param name="source">A chunk or error.</param>
    /// <param name="usageExtra">Members for usage without braces, or nothing. A missing or null usage is made.</param>
    /// <param name="rootExtra">Members for the root without braces, or nothing.</param>
    /// <param name="output">Receives the event.</param>
    public static void WithExtras(in SseEvent source, ReadOnlySpan<byte> usageExtra, ReadOnlySpan<byte> rootExtra, IBufferWriter<byte> output)
    {
        if (source.Kind is not (EventKind.Chunk or EventKind.Error) || (usageExtra.IsEmpty && rootExtra.IsEmpty))
        {
            Unchanged(source, output);
            return;
        }

        WriteHead(source, output);
        if (source.Lines.DataOffset >= 0)
        {
            PayloadSplice.Write(source.Data, source.Facts, usageExtra, rootExtra, output);
        }
        else
        {
            using var spliced = new PooledBuffer(source.Data.Length + usageExtra.Length + rootExtra.Length + 16);
            PayloadSplice.Write(source.Data, source.Facts, usageExtra, rootExtra, spliced);
            WriteOnOneLine(spliced.WrittenSpan, output);
        }

        WriteTail(source, output);
    }

    private static void WriteHead(in SseEvent source, IBufferWriter<byte> output)
    {
        if (source.Lines.DataOffset >= 0)
        {
            output.Write(source.Raw[..source.Lines.DataOffset]);
            return;
        }

        foreach (var range in source.Raw.SplitAny((byte)'\n', (byte)'\r'))
        {
            var line = source.Raw[range];
            if (!line.IsEmpty && !SseLines.IsData(line) && !line.SequenceEqual(SseLines.ByteOrderMark))
            {
                output.Write(line);
                output.Write("\n"u8);
            }
        }

        output.Write("data: "u8);
    }

    private static void WriteTail(in SseEvent source, IBufferWriter<byte> output)
    {
        if (source.Lines.DataOffset >= 0 && source.IsTerminated)
        {
            output.Write(source.Raw[(source.Lines.DataOffset + source.Data.Length)..]);
            return;
        }

        output.Write("\n\n"u8);
    }

    // Between two JSON tokens a line feed is as good as a space; inside of one it would not have been JSON.
    private static void WriteOnOneLine(ReadOnlySpan<byte> json, IBufferWriter<byte> output)
    {
        if (json.IsEmpty)
        {
            return;
        }

        var line = output.GetSpan(json.Length);
        json.Replace(line, (byte)'\n', (byte)' ');
        output.Advance(json.Length);
    }
}
