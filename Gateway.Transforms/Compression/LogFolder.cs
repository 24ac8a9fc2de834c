using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Compression;

/// <summary>
/// Medium, for logs: lines that differ in their time only stand there once, with a count and the last time; a date that is that of the line above
/// becomes <c>"</c>. Lines with a severity word keep their date.
/// </summary>
internal ref struct LogFolder
{
    private const int LeastRepeats = 2;

    private readonly PooledBuffer _output;
    private ReadOnlySpan<byte> _date;
    private ReadOnlySpan<byte> _message;
    private ReadOnlySpan<byte> _held;
    private ReadOnlySpan<byte> _lastStamp;
    private int _repeats;

    private LogFolder(PooledBuffer output) => _output = output;

    /// <summary>Appends the log, folded.</summary>
    public static void Write(ReadOnlySpan<byte> log, PooledBuffer output)
    {
        var folder = new LogFolder(output);
        var lines = new LineReader(log);
        var start = 0;
        while (lines.Read())
        {
            var stamp = Timestamp.Read(lines.Line);
            var message = lines.Line[stamp.Length..];
            if (stamp.Length > 0 && lines.HasBreak && !message.IsEmpty && message.SequenceEqual(folder._message))
            {
                if (folder._repeats++ == 0) start = lines.Offset;
                folder._held = log[start..(lines.Offset + lines.Whole.Length)];
                folder._lastStamp = lines.Line[..stamp.Length];
                continue;
            }

            folder.Flush();
            folder.WriteLine(lines.Whole, stamp);
            folder._message = stamp.Length > 0 && lines.HasBreak ? message : default;
        }

        folder.Flush();
    }

    private void WriteLine(ReadOnlySpan<byte> line, Timestamp stamp)
    {
        var date = line[..stamp.Date];
        if (stamp.Date > 0 && date.SequenceEqual(_date) && line[stamp.Date] == (byte)' ' && date[0] != (byte)'[' && !Severity.Marks(line))
        {
            _output.Write("\""u8);
            line = line[stamp.Date..];
        }
        else if (stamp.Date > 0)
        {
            _date = date;
        }

        _output.Write(line);
    }

    private void Flush()
    {
        if (_repeats >= LeastRepeats)
        {
            Span<byte> marker = stackalloc byte[Marker.Longest];
            _output.Write(marker[..Marker.Write(marker, "[same x"u8, _repeats, ", last "u8)]);
            _output.Write(_lastStamp);
            _output.Write("]\n"u8);
        }
        else if (_repeats > 0)
        {
            _output.Write(_held);
        }

        _held = default;
        _repeats = 0;
    }
}
