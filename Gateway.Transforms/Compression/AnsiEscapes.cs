using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Compression;

/// <summary>Removes what a terminal does not show: ANSI CSI sequences, characters that a backspace takes back, zero-width spaces and byte order marks.</summary>
/// <remarks>CSI: ECMA-48, 5.4: ESC [, parameters 0x30 to 0x3F, intermediates 0x20 to 0x2F, one final byte 0x40 to 0x7E.</remarks>
internal static class AnsiEscapes
{
    private const byte Escape = 0x1B;
    private const byte Backspace = 0x08;

    private static readonly SearchValues<byte> Starts = SearchValues.Create([Escape, Backspace, 0xE2, 0xEF]);

    private static ReadOnlySpan<byte> ZeroWidthSpace => [0xE2, 0x80, 0x8B];

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>True if <see cref="Write"/> might remove something: asked once for a text, so that clean ones cost one pass.</summary>
    public static bool MayOccur(ReadOnlySpan<byte> text) =>
        text.IndexOfAny(Escape, Backspace) >= 0 || text.IndexOf(ZeroWidthSpace) >= 0 || text.IndexOf(ByteOrderMark) >= 0;

    /// <summary>Appends a line without them.</summary>
    public static void Write(ReadOnlySpan<byte> line, PooledBuffer output)
    {
        var start = output.Length;
        var text = line;
        while (text.IndexOfAny(Starts) is var at and >= 0)
        {
            output.Write(text[..at]);
            text = text[at..];
            if (text[0] == Backspace)
            {
                // Only ASCII is one byte a column; in front of anything else the backspace stays.
                if (output.Length > start && output.WrittenSpan[^1] is >= 0x20 and < 0x7F) output.Truncate(output.Length - 1);
                else output.Write(text[..1]);
                text = text[1..];
                continue;
            }

            var length = Length(text);
            if (length == 0) output.Write(text[..1]);
            text = text[Math.Max(length, 1)..];
        }

        output.Write(text);
    }

    private static int Length(ReadOnlySpan<byte> text)
    {
        if (text.StartsWith(ZeroWidthSpace) || text.StartsWith(ByteOrderMark)) return ZeroWidthSpace.Length;
        if (!text.StartsWith([Escape, (byte)'['])) return 0;
        var at = 2;
        while (at < text.Length && text[at] is >= 0x30 and <= 0x3F) at++;
        while (at < text.Length && text[at] is >= 0x20 and <= 0x2F) at++;
        return at < text.Length && text[at] is >= 0x40 and <= 0x7E ? at + 1 : 0;
    }
}
