using System.Buffers.Binary;

namespace Gateway.Transforms.Audio;

/// <summary>FLAC: the sample count of STREAMINFO (RFC 9639, section 8.2).</summary>
internal static class FlacFile
{
    /// <summary>STREAMINFO's block header and body behind the four bytes of the magic.</summary>
    private const int InfoEnd = 4 + 4 + 34;
    private const int RateOffset = 4 + 4 + 10;

    /// <summary>The length; <c>null</c>: it is damaged, or was written as a stream and does not say.</summary>
    public static long? Milliseconds(ReadOnlySpan<byte> file)
    {
        if (file.Length < InfoEnd || (file[4] & 0x7F) != 0)
            return null;

        // 20 bits of rate, 3 of channels less one, 5 of bits per sample less one, 36 of samples.
        var packed = BinaryPrimitives.ReadUInt64BigEndian(file[RateOffset..]);
        var rate = (uint)(packed >> 44);
        var channels = (uint)(packed >> 41 & 0x7) + 1;
        var bits = (uint)(packed >> 36 & 0x1F) + 1;
        var samples = packed & 0xF_FFFF_FFFF;
        if (samples == 0 || rate == 0)
            return null;

        return Math.Max(AudioLength.Of(samples, rate), Least(file, rate * channels * bits));
    }

    // Lossless packing does not make sound larger, but for a percent or so: fewer samples than the bytes need were not counted honestly.
    private static long Least(ReadOnlySpan<byte> file, uint bitsPerSecond) =>
        AudioLength.Of((UInt128)(file.Length - MetadataLength(file)) * 8 * 9 / 10, bitsPerSecond);

    private static int MetadataLength(ReadOnlySpan<byte> file)
    {
        var at = 4;
        while (file.Length - at >= 4)
        {
            var head = BinaryPrimitives.ReadUInt32BigEndian(file[at..]);
            at = (int)Math.Min(file.Length, at + 4L + (head & 0xFF_FFFF));
            if ((head & 0x8000_0000) != 0)
                break;
        }

        return at;
    }
}
