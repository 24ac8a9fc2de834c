using System.Buffers;

namespace Gateway.Transforms.Compression;

/// <summary>Parts of a line of prose in which no word is touched: code, quotations, tags, placeholders, and anything that is not plain words.</summary>
internal static class ProtectedSpan
{
    // Longer quotations are no quotations, and looking for their end from every quote would take quadratic time.
    private const int LongestQuote = 256;

    /// <summary>Bytes at which a span may begin.</summary>
    public static readonly SearchValues<byte> Starts = SearchValues.Create([.. "`\"'<{[("u8, 0xE2, 0xC2]);

    /// <summary>Where the span that begins at <paramref name="at"/> ends; <paramref name="at"/> itself if none does.</summary>
    /// <remarks>A quotation, code or placeholder that the line does not close protects the rest of the line.</remarks>
    public static int End(ReadOnlySpan<byte> line, int at)
    {
        var rest = line[at..];
        return line[at] switch
        {
            (byte)'`' => CodeEnd(line, at),
            (byte)'"' => Closed(line, at, (byte)'"'),
            (byte)'{' => BraceEnd(line, at),
            (byte)'[' => Closed(line, at, (byte)']'),
            (byte)'<' => rest.Length > 1 && rest[1] is (byte)'/' or (byte)'!' or (>= (byte)'a' and <= (byte)'z') or (>= (byte)'A' and <= (byte)'Z') ? Closed(line, at, (byte)'>') : at,
            (byte)'\'' => QuoteEnd(line, at),
            0xE2 when rest.StartsWith("“"u8) => After(line, at, "”"u8),
            0xE2 when rest.StartsWith("‘"u8) => After(line, at, "’"u8),
            0xC2 when rest.StartsWith("«"u8) => After(line, at, "»"u8),
            _ => at,
        };
    }

    private static int Closed(ReadOnlySpan<byte> line, int at, byte close)
    {
        var end = line[(at + 1)..].IndexOf(close);
        return end < 0 ? line.Length : at + 1 + end + 1;
    }

    private static int CodeEnd(ReadOnlySpan<byte> line, int at)
    {
        var ticks = line[at..].IndexOfAnyExcept((byte)'`');
        if (ticks < 0) return line.Length;
        var end = line[(at + ticks)..].IndexOf(line.Slice(at, ticks));
        return end < 0 ? line.Length : at + ticks + end + ticks;
    }

    private static int BraceEnd(ReadOnlySpan<byte> line, int at)
    {
        var depth = 0;
        for (var i = at; i < line.Length; i++)
        {
            if (line[i] == (byte)'{') depth++;
            else if (line[i] == (byte)'}' && --depth == 0) return i + 1;
        }

        return line.Length;
    }

    // An apostrophe inside or behind a word quotes nothing.
    private static int QuoteEnd(ReadOnlySpan<byte> line, int at)
    {
        if (at > 0 && line[at - 1] is not ((byte)' ' or (byte)'(' or (byte)',' or (byte)':' or (byte)'=')) return at;
        for (var i = at + 1; i < Math.Min(line.Length, at + LongestQuote); i++)
            if (line[i] == (byte)'\'' && (i + 1 == line.Length || !char.IsAsciiLetterOrDigit((char)line[i + 1]))) return i + 1;
        return at;
    }

    private static int After(ReadOnlySpan<byte> line, int at, ReadOnlySpan<byte> close)
    {
        var end = line[at..].IndexOf(close);
        return end < 0 ? line.Length : at + end + close.Length;
    }
}
