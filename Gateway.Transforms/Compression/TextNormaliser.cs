using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Compression;

/// <summary>
/// Light, for text: line feeds for CRLF, no blanks at line ends, at most one empty line in a row, no escapes of terminals, short rules; in tool output
/// a line that stands there three times or more is written once, with a count. Fenced and indented lines are copied as they are.
/// </summary>
internal ref struct TextNormaliser
{
    private const int ShortestRule = 5;
    private const int KeptRule = 3;
    private const int LeastRepeats = 2;

    private readonly PooledBuffer _output;
    private readonly bool _folds;
    private readonly bool _strips;
    private ReadOnlySpan<byte> _line;
    private int _repeats;

    private TextNormaliser(ReadOnlySpan<byte> text, BlockRole role, PooledBuffer output)
    {
        _output = output;
        _folds = role == BlockRole.Tool;
        _strips = AnsiEscapes.MayOccur(text);
    }

    /// <summary>Appends the text, normalised.</summary>
    public static void Write(ReadOnlySpan<byte> text, BlockRole role, PooledBuffer output)
    {
        var normaliser = new TextNormaliser(text, role, output);
        var fence = default(Fence);
        var blank = 0;
        var lines = new LineReader(text);
        while (lines.Read())
        {
            if (fence.Covers(lines.Line))
            {
                normaliser.WriteAsIs(lines.Whole);
                blank = 0;
                continue;
            }

            var line = lines.Line.TrimEnd(" \t\r"u8);
            if (line.IsEmpty)
            {
                normaliser.Flush(endsText: false);
                if (++blank == 1 && lines.HasBreak) output.Write("\n"u8);
                continue;
            }

            blank = 0;
            if (Codelike.IsIndented(line))
            {
                normaliser.WriteAsIs(lines.Whole);
                continue;
            }

            normaliser.Add(line, lines.HasBreak);
        }

        normaliser.Flush(endsText: !text.EndsWith("\n"u8));
    }

    private void WriteAsIs(ReadOnlySpan<byte> whole)
    {
        Flush(endsText: false);
        _output.Write(whole);
    }

    private void Add(ReadOnlySpan<byte> line, bool hasBreak)
    {
        if (_folds && line.SequenceEqual(_line))
        {
            _repeats++;
            return;
        }

        Flush(endsText: false);
        WriteLine(line);
        if (hasBreak) _output.Write("\n"u8);
        _line = line;
    }

    private readonly void WriteLine(ReadOnlySpan<byte> line)
    {
        if (line.Length >= ShortestRule && IsRule(line)) _output.Write(line[..KeptRule]);
        else if (_strips) AnsiEscapes.Write(line, _output);
        else _output.Write(line);
    }

    // Seven "=" are the middle of a merge conflict, which an agent may have to find again.
    private static bool IsRule(ReadOnlySpan<byte> line) =>
        line[0] is (byte)'-' or (byte)'=' or (byte)'*' or (byte)'_' or (byte)'#'
        && line.IndexOfAnyExcept(line[0]) < 0
        && !line.SequenceEqual("======="u8);

    private void Flush(bool endsText)
    {
        if (_repeats > 0)
        {
            Span<byte> marker = stackalloc byte[Marker.Longest];
            var length = Marker.Write(marker, "[previous line repeated "u8, _repeats, "x]"u8);
            if (_repeats >= LeastRepeats && length < (long)_repeats * (_line.Length + 1))
            {
                _output.Write(marker[..length]);
                if (!endsText) _output.Write("\n"u8);
            }
            else
            {
                for (var i = 0; i < _repeats; i++)
                {
                    WriteLine(_line);
                    if (!endsText || i < _repeats - 1) _output.Write("\n"u8);
                }
            }
        }

        _line = default;
        _repeats = 0;
    }
}
