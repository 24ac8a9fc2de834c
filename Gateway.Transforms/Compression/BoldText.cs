namespace Gateway.Transforms.Compression;

/// <summary>Bold text in Markdown: <c>**text**</c> on one line.</summary>
internal static class BoldText
{
    /// <summary>True if two stars at <paramref name="at"/> open bold text of plain words; <paramref name="close"/> is then where the closing stars stand.</summary>
    public static bool Opens(ReadOnlySpan<byte> line, int at, out int close)
    {
        close = -1;
        var stars = line[at..].IndexOfAnyExcept((byte)'*');
        if (stars != 2 || (at > 0 && line[at - 1] is not ((byte)' ' or (byte)'(')) || line[at + 2] <= (byte)' ') return false;
        var inner = line[(at + 2)..].IndexOf("**"u8);
        if (inner <= 0 || !IsPlain(line.Slice(at + 2, inner))) return false;
        var end = at + 2 + inner;
        // "2**3" and "**/*.cs" are no bold text.
        if (end + 2 < line.Length && (char.IsAsciiLetterOrDigit((char)line[end + 2]) || line[end + 2] is (byte)'*' or (byte)'/')) return false;
        close = end;
        return true;
    }

    // Where a protected span could begin, the closing stars might be inside it.
    private static bool IsPlain(ReadOnlySpan<byte> text) => text[^1] != (byte)' ' && text.IndexOfAny("`\"{<["u8) < 0 && text.IndexOf(" '"u8) < 0 && text.IndexOf("“"u8) < 0;
}
