using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Compression;

/// <summary>
/// Medium, for text: a long line of prose that stood there before is left out. Code, tables, fences and lines with a severity word stay; in
/// instructions, lines with a digit, a URL or a word such as "not" stay as well, for there each counts.
/// </summary>
internal static class LineDeduper
{
    private const int ShortestLine = 40;

    /// <summary>Appends the text without them.</summary>
    public static void Write(ReadOnlySpan<byte> text, BlockRole role, PooledBuffer output)
    {
        var table = new LineTable(text, masksDigits: false);
        try
        {
            var fence = default(Fence);
            var lines = new LineReader(text);
            while (lines.Read())
            {
                if (!fence.Covers(lines.Line) && IsRepeat(ref table, lines.Line, lines.Offset, role)) continue;
                output.Write(lines.Whole);
            }
        }
        finally
        {
            table.Dispose();
        }
    }

    private static bool IsRepeat(ref LineTable table, ReadOnlySpan<byte> line, int offset, BlockRole role)
    {
        if (line.Length < ShortestLine || !Codelike.IsProse(line)) return false;
        var number = table.Add(offset, line.Length);
        return number >= 0 && table.Count(number) > 1 && !Severity.Marks(line) && (role == BlockRole.Tool || !SystemFacts.Occur(line));
    }
}
