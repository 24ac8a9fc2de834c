using System.Buffers.Text;

namespace Gateway.Transforms.Compression;

/// <summary>The notes that stand where something was left out: plain, true, and recognised when a block comes by again.</summary>
internal static class Marker
{
    /// <summary>Longest marker that <see cref="Write"/> makes. Unit: bytes.</summary>
    public const int Longest = 96;

    /// <summary>Writes prefix, number and suffix, and returns their length.</summary>
    public static int Write(Span<byte> target, ReadOnlySpan<byte> prefix, long number, ReadOnlySpan<byte> suffix)
    {
        prefix.CopyTo(target);
        Utf8Formatter.TryFormat(number, target[prefix.Length..], out var digits);
        suffix.CopyTo(target[(prefix.Length + digits)..]);
        return prefix.Length + digits + suffix.Length;
    }

    /// <summary>True for a line that is one of the markers of <see cref="LogTemplates"/>, <see cref="LogFolder"/>, <see cref="FrameFolder"/> or <see cref="TextNormaliser"/>.</summary>
    public static bool Is(ReadOnlySpan<byte> line)
    {
        line = line.Trim((byte)' ');
        return line.StartsWith("["u8) && line.EndsWith("]"u8)
            && (line.StartsWith("[+"u8) || line.StartsWith("[same x"u8) || line.StartsWith("[frames repeated "u8) || line.StartsWith("[previous line repeated "u8));
    }
}
