using System.Buffers.Text;
using System.Text;

namespace Gateway.Transforms.Compression;

/// <summary>The character references of HTML that stand for plain text.</summary>
/// <remarks><c>&amp;lt;</c> and <c>&amp;gt;</c> stay as they are: what they stand for would be read as tags.</remarks>
internal static class HtmlEntity
{
    private const int Longest = 10;

    /// <summary>Reads the reference at the text's first byte. 0 if it is none or one that stays.</summary>
    /// <param name="text">Starts with an ampersand.</param>
    /// <param name="decoded">Receives its UTF-8; at least four bytes.</param>
    /// <param name="written">Length of what it stands for. Unit: bytes.</param>
    public static int Read(ReadOnlySpan<byte> text, Span<byte> decoded, out int written)
    {
        written = 0;
        var end = text[..Math.Min(text.Length, Longest)].IndexOf((byte)';');
        if (end < 2) return 0;
        var name = text[1..end];
        var rune = name[0] == (byte)'#' ? Number(name[1..]) : Named(name);
        // "&amp;lt;" shows "&lt;" and must not become it.
        if (rune == '&' && text.Length > end + 1 && (text[end + 1] == (byte)'#' || char.IsAsciiLetter((char)text[end + 1]))) return 0;
        if (rune is < ' ' or '<' or '>' || !Rune.IsValid(rune)) return 0;
        written = new Rune(rune).EncodeToUtf8(decoded);
        return end + 1;
    }

    private static int Number(ReadOnlySpan<byte> digits)
    {
        if (digits.Length > 1 && digits[0] is (byte)'x' or (byte)'X') return Utf8Parser.TryParse(digits[1..], out int hex, out var read, 'x') && read == digits.Length - 1 ? hex : 0;
        return Utf8Parser.TryParse(digits, out int value, out var used) && used == digits.Length ? value : 0;
    }

    private static int Named(ReadOnlySpan<byte> name) => name.Length switch
    {
        3 when name.SequenceEqual("amp"u8) => '&',
        4 when name.SequenceEqual("quot"u8) => '"',
        4 when name.SequenceEqual("apos"u8) => '\'',
        4 when name.SequenceEqual("nbsp"u8) => ' ',
        4 when name.SequenceEqual("copy"u8) => '©',
        5 when name.SequenceEqual("mdash"u8) => '—',
        5 when name.SequenceEqual("ndash"u8) => '–',
        5 when name.SequenceEqual("rsquo"u8) => '’',
        5 when name.SequenceEqual("lsquo"u8) => '‘',
        5 when name.SequenceEqual("ldquo"u8) => '“',
        5 when name.SequenceEqual("rdquo"u8) => '”',
        6 when name.SequenceEqual("hellip"u8) => '…',
        6 when name.SequenceEqual("middot"u8) => '·',
        _ => 0,
    };
}
