using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Compression;

/// <summary>Cuts the middle out of a long JSON string, between characters and never inside an escape. A middle with a severity word stays.</summary>
internal static class JsonStringCut
{
    private const int LongestWhole = 600;
    private const int KeptFirst = 400;
    private const int KeptLast = 100;

    /// <summary>Appends a JSON string, quotes included, cut if it has more than 600 characters.</summary>
    public static void Write(ReadOnlySpan<byte> quoted, PooledBuffer output)
    {
        var raw = quoted[1..^1];
        var characters = raw.Length <= LongestWhole ? raw.Length : Skip(raw, int.MaxValue, out _);
        if (characters <= LongestWhole)
        {
            output.Write(quoted);
            return;
        }

        Skip(raw, KeptFirst, out var first);
        Skip(raw, characters - KeptLast, out var last);
        if (Severity.Marks(raw[first..last]))
        {
            output.Write(quoted);
            return;
        }

        output.Write(quoted[..(first + 1)]);
        Span<byte> marker = stackalloc byte[Marker.Longest];
        output.Write(marker[..Marker.Write(marker, "...[+"u8, characters - KeptFirst - KeptLast, " chars]..."u8)]);
        output.Write(quoted[(last + 1)..]);
    }

    // Steps over at most `most` characters; an escape is one, and so are the two of a surrogate pair.
    private static int Skip(ReadOnlySpan<byte> raw, int most, out int bytes)
    {
        bytes = 0;
        var characters = 0;
        while (characters < most && bytes < raw.Length)
        {
            bytes += Length(raw[bytes..]);
            characters++;
        }

        return characters;
    }

    private static int Length(ReadOnlySpan<byte> raw)
    {
        const int unicodeEscape = 6;
        if (raw[0] == (byte)'\\')
        {
            if (raw[1] != (byte)'u') return 2;
            var isHigh = (raw[2] | 0x20) == 'd' && (raw[3] | 0x20) is '8' or '9' or 'a' or 'b';
            return isHigh && raw.Length >= 2 * unicodeEscape && raw[unicodeEscape] == (byte)'\\' && raw[unicodeEscape + 1] == (byte)'u' ? 2 * unicodeEscape : unicodeEscape;
        }

        var length = 1;
        while (length < raw.Length && (raw[length] & 0xC0) == 0x80) length++;
        return length;
    }
}
