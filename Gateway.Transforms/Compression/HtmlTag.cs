using System.Text;

namespace Gateway.Transforms.Compression;

/// <summary>One tag of an HTML text. Ranges are slices of it.</summary>
internal readonly ref struct HtmlTag
{
    /// <summary>Longest tag, so that one without an end costs no more. Unit: bytes. Images are written into pages in hundreds of kilobytes.</summary>
    private const int LongestTag = 262_144;

    private const int LongestName = 10;
    private const int HeadBytes = 2_048;

    private HtmlTag(ReadOnlySpan<byte> name, bool isClosing, ReadOnlySpan<byte> attributes, int length)
    {
        Name = name;
        IsClosing = isClosing;
        Attributes = attributes;
        Length = length;
    }

    /// <summary>The name as it was written; empty for a declaration.</summary>
    public ReadOnlySpan<byte> Name { get; }

    public bool IsClosing { get; }

    public ReadOnlySpan<byte> Attributes { get; }

    /// <summary>From <c>&lt;</c> to behind <c>&gt;</c>. 0 if no tag begins here. Unit: bytes.</summary>
    public int Length { get; }

    /// <summary>
    /// Where a page starts: at the text's first byte, or, behind what a program such as curl wrote first, at a line that opens a document. -1 if there is
    /// none. XML, JSX and SVG have as many tags, but their text is not what a browser would show.
    /// </summary>
    public static int PageStart(ReadOnlySpan<byte> text)
    {
        var head = text[..Math.Min(text.Length, HeadBytes)];
        for (var at = 0; at >= 0;)
        {
            var line = head[at..];
            if (StartsWith(line, "<!doctype html"u8) || StartsWith(line, "<html"u8)) return at;
            var next = line.IndexOf("\n<"u8);
            at = next < 0 ? -1 : at + next + 1;
        }

        var isFragment = text[0] == (byte)'<' && (head.IndexOf("<div"u8) >= 0 || head.IndexOf("<p>"u8) >= 0 || head.IndexOf("<table"u8) >= 0 || head.IndexOf("<head>"u8) >= 0);
        return isFragment && text.IndexOf("className="u8) < 0 ? 0 : -1;
    }

    /// <summary>Reads the tag that begins with the text's first byte.</summary>
    public static HtmlTag Read(ReadOnlySpan<byte> text)
    {
        text = text[..Math.Min(text.Length, LongestTag)];
        var isClosing = text.Length > 1 && text[1] == (byte)'/';
        var start = isClosing ? 2 : 1;
        if (start >= text.Length) return default;
        var isDeclaration = text[start] is (byte)'!' or (byte)'?';
        if (!isDeclaration && !char.IsAsciiLetter((char)text[start])) return default;
        var nameEnd = start;
        while (nameEnd < text.Length && char.IsAsciiLetterOrDigit((char)text[nameEnd])) nameEnd++;
        var end = End(text, nameEnd);
        return end < 0 ? default : new HtmlTag(text[start..nameEnd], isClosing, text[nameEnd..end], end + 1);
    }

    /// <summary>The name in lower case; a long one, which has no meaning here, is empty.</summary>
    public ReadOnlySpan<byte> LowerName(Span<byte> buffer)
    {
        if (Name.Length > Math.Min(buffer.Length, LongestName)) return default;
        Ascii.ToLower(Name, buffer, out var written);
        return buffer[..written];
    }

    /// <summary>The value of an attribute in quotes; empty if there is none.</summary>
    public ReadOnlySpan<byte> Attribute(ReadOnlySpan<byte> name)
    {
        var rest = Attributes;
        while (rest.IndexOf(name) is var at and >= 0)
        {
            var value = rest[(at + name.Length)..];
            var isWhole = at > 0 && rest[at - 1] is (byte)' ' or (byte)'\n' or (byte)'\t' or (byte)'"' or (byte)'\'';
            if (isWhole && value.Length > 2 && value[0] == (byte)'=' && value[1] is (byte)'"' or (byte)'\'')
            {
                var end = value[2..].IndexOf(value[1]);
                return end < 0 ? default : value.Slice(2, end);
            }

            rest = value;
        }

        return default;
    }

    // A ">" inside of quotes does not end a tag.
    private static int End(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length)
        {
            var stop = text[at..].IndexOfAny((byte)'>', (byte)'"', (byte)'\'');
            if (stop < 0) return -1;
            at += stop;
            if (text[at] == (byte)'>') return at;
            var close = text[(at + 1)..].IndexOf(text[at]);
            if (close < 0) return -1;
            at += close + 2;
        }

        return -1;
    }

    private static bool StartsWith(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lower) => text.Length >= lower.Length && Ascii.EqualsIgnoreCase(text[..lower.Length], lower);
}
