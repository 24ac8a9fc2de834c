using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Compression;

/// <summary>Removes what a terminal does not show: ANSI CSI sequences, zero-width spaces and byte order marks.</summary>
/// <remarks>CSI: ECMA-48, 5.4: ESC [, parameters 0x30 to 0x3F, intermediates 0x20 to 0x2F, one final byte 0x40 to 0x7E.</remarks>
internal static class AnsiEscapes
{
    private const byte Escape = 0x1B;

    private static ReadOnlySpan<byte> ZeroWidthSpace => [0xE2, 0x80, 0x8B];

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>True if <see cref="Write"/> might remove something: asked once for a text, so that clean ones cost one pass.</summary>
    public static bool MayOccur(ReadOnlySpan<byte> text) =>
        text.Contains(Escape) || text.IndexOf(ZeroWidthSpace) >= 0 || text.IndexOf(ByteOrderMark) >= 0;

    /// <summary>Appends the text without them.</summary>
    public static void Write(ReadOnlySpan<byte> text, PooledBuffer output)
    {
        while (text.IndexOfAny(Escape, ZeroWidthSpace[0], ByteOrderMark[0]) is var at and >= 0)
        {
            output.Write(text[..at]);
            text = text[at..];
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
