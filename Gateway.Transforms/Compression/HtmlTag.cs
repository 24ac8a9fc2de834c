using System.Text;

namespace Gateway.Transforms.Compression;

/// <summary>One tag of an HTML text. Ranges are slices of it.</summary>
internal readonly ref struct HtmlTag
{
    private const int LongestName = 10;

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

    /// <summary>True if the text has the tags of a page, not of some XML.</summary>
    public static bool IsPage(ReadOnlySpan<byte> text)
    {
        var head = text[..Math.Min(text.Length, 1_024)];
        return Contains(head, "<!doctype html"u8) || Contains(head, "<html"u8)
            || ((Contains(head, "<div"u8) || Contains(head, "<p>"u8) || Contains(head, "<table"u8) || Contains(head, "<head>"u8)) && text.IndexOf("className="u8) < 0);
    }

    /// <summary>Reads the tag that begins with the text's first byte.</summary>
    public static HtmlTag Read(ReadOnlySpan<byte> text)
    {
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

    /// <summary>True if the name is <paramref name="lower"/>, in any case.</summary>
    public bool Is(ReadOnlySpan<byte> lower) => Ascii.EqualsIgnoreCase(Name, lower);

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

    private static bool Contains(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lower)
    {
        for (var at = text.IndexOf((byte)'<'); at >= 0 && at + lower.Length <= text.Length;)
        {
            if (Ascii.EqualsIgnoreCase(text.Slice(at, lower.Length), lower)) return true;
            var next = text[(at + 1)..].IndexOf((byte)'<');
            if (next < 0) return false;
            at += next + 1;
        }

        return false;
    }
}
