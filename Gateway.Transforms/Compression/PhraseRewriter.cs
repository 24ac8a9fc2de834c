using System.Buffers;
using System.Text;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Compression;

/// <summary>Medium, for instructions: six phrases give way to shorter ones that mean the same. A closed list: no other word is touched.</summary>
internal static class PhraseRewriter
{
    // A phrase starts at the start of a line, or behind a blank, a bracket or a star.
    private static readonly SearchValues<byte> Stops = SearchValues.Create([.. " (*`\"'<{["u8, 0xE2, 0xC2]);

    /// <summary>Appends the text with its phrases shortened, outside of code, tables, quotations and placeholders.</summary>
    public static void Write(ReadOnlySpan<byte> text, PooledBuffer output)
    {
        var fence = default(Fence);
        var lines = new LineReader(text);
        while (lines.Read())
        {
            if (fence.Covers(lines.Line) || !Codelike.IsProse(lines.Line)) output.Write(lines.Whole);
            else WriteLine(lines.Whole, output);
        }
    }

    private static void WriteLine(ReadOnlySpan<byte> line, PooledBuffer output)
    {
        var copied = 0;
        var at = 0;
        while (at < line.Length)
        {
            if (Match(line[at..], out var replacement) is var length and > 0)
            {
                output.Write(line[copied..at]);
                copied = at + length;
                WriteReplacement(line, at, ref copied, replacement, output);
                at = copied;
            }

            at = NextStart(line, at);
        }

        output.Write(line[copied..]);
    }

    // Where the next phrase may start: never inside of a protected span.
    private static int NextStart(ReadOnlySpan<byte> line, int at)
    {
        while (line[at..].IndexOfAny(Stops) is var skipped and >= 0)
        {
            at += skipped;
            if (line[at] is (byte)' ' or (byte)'(' or (byte)'*') return at + 1;
            at = Math.Max(ProtectedSpan.End(line, at), at + 1);
        }

        return line.Length;
    }

    // A phrase that began with a capital leaves one: on what replaces it, or on the word behind it.
    private static void WriteReplacement(ReadOnlySpan<byte> line, int at, ref int copied, ReadOnlySpan<byte> replacement, PooledBuffer output)
    {
        var isCapital = line[at] is >= (byte)'A' and <= (byte)'Z';
        if (replacement.IsEmpty)
        {
            if (isCapital && line[copied] is >= (byte)'a' and <= (byte)'z')
            {
                output.Write([(byte)(line[copied] - 0x20)]);
                copied++;
            }

            return;
        }

        output.Write([isCapital ? (byte)(replacement[0] - 0x20) : replacement[0]]);
        output.Write(replacement[1..]);
    }

    private static int Match(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> replacement)
    {
        replacement = default;
        switch (text[0] | 0x20)
        {
            case 'n':
                return Phrase(text, "note that "u8, needsBoundary: false);
            case 'i':
                replacement = "to"u8;
                if (Phrase(text, "in order to"u8) is var inOrderTo and > 0) return inOrderTo;
                replacement = "if"u8;
                return Phrase(text, "in the event that"u8);
            case 'd':
                replacement = "because"u8;
                return Phrase(text, "due to the fact that"u8);
            case 'a':
                replacement = "and"u8;
                return Phrase(text, "as well as"u8);
            case 'm':
                // "make sure to go" would become "ensure to go".
                replacement = "ensure"u8;
                return Phrase(text, "make sure to"u8) > 0 || Phrase(text, "make sure of"u8) > 0 ? 0 : Phrase(text, "make sure"u8);
            default:
                return 0;
        }
    }

    // In lower case, or with a capital at the start only: "AS WELL AS" is meant to be loud.
    private static int Phrase(ReadOnlySpan<byte> text, ReadOnlySpan<byte> phrase, bool needsBoundary = true)
    {
        if (text.Length <= phrase.Length || !Ascii.EqualsIgnoreCase(text[..1], phrase[..1]) || !text[1..phrase.Length].SequenceEqual(phrase[1..])) return 0;
        return !needsBoundary || text[phrase.Length] is (byte)' ' or (byte)',' or (byte)'\n' ? phrase.Length : 0;
    }
}
