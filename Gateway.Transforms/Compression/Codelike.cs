namespace Gateway.Transforms.Compression;

/// <summary>Tells prose from code, tables and data, line by line.</summary>
internal static class Codelike
{
    private const int LeastWords = 4;

    // The start of a line tells what it is. Unit: bytes.
    private const int ReadBytes = 192;

    /// <summary>True for a line that Markdown shows as code: four spaces or a tab in front of text.</summary>
    public static bool IsIndented(ReadOnlySpan<byte> line) => line.StartsWith("    "u8) || line.StartsWith("\t"u8);

    /// <summary>True if a line reads like a sentence: at least four words of letters, and few of the signs that code is made of.</summary>
    public static bool IsProse(ReadOnlySpan<byte> line)
    {
        if (IsIndented(line) || line.TrimStart((byte)' ').StartsWith("|"u8)) return false;
        var words = 0;
        var signs = 0;
        var inWord = false;
        foreach (var b in line[..Math.Min(line.Length, ReadBytes)])
        {
            var isLetter = (uint)((b | 0x20) - 'a') < 26 || b >= 0x80;
            if (isLetter && !inWord) words++;
            inWord = isLetter || b == '\'';
            if (b is (byte)'{' or (byte)'}' or (byte)';' or (byte)'=' or (byte)'\\' or (byte)'$' or (byte)'|' or (byte)'[' or (byte)']') signs++;
        }

        return words >= LeastWords && signs * 2 <= words && !StartsWithLineNumber(line);
    }

    // "12:  return a": a file as an editor shows it, whose lines must stay as they are to be edited.
    private static bool StartsWithLineNumber(ReadOnlySpan<byte> line)
    {
        var digits = line.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return digits > 0 && line[digits] is (byte)':' or (byte)'|' or (byte)'\t';
    }
}
