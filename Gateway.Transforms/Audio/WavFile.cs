using System.Buffers.Binary;

namespace Gateway.Transforms.Audio;

/// <summary>WAV, also as RF64: the bytes of its <c>data</c> chunks at the rate of its <c>fmt</c> chunk.</summary>
/// <remarks>Programs that write to a pipe cannot go back to fill in the size: they leave 0 or 0xFFFFFFFF, and the sound is all that follows.</remarks>
internal static class WavFile
{
    private const int FirstChunk = 12;
    private const int ChunkHeader = 8;
    private const int FormatLength = 16;

    /// <summary>The length; <c>null</c>: it is damaged.</summary>
    public static long? Milliseconds(ReadOnlySpan<byte> file)
    {
        if (file.Length < FirstChunk || !file[8..].StartsWith("WAVE"u8))
            return null;

        uint bytesPerSecond = 0;
        long at = FirstChunk, bytes = 0;
        while (at + ChunkHeader <= file.Length)
        {
            var chunk = file[(int)at..];
            var size = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
            var body = chunk[ChunkHeader..];
            if (chunk.StartsWith("fmt "u8))
            {
                if (body.Length < FormatLength)
                    return null;
                bytesPerSecond = BytesPerSecond(body);
            }
            else if (chunk.StartsWith("data"u8))
            {
                // Readers go on to the next such chunk behind the first: so does the count.
                size = size == 0 ? (uint)body.Length : Math.Min(size, (uint)body.Length);
                bytes += size;
            }

            // Chunks begin at even offsets.
            at += ChunkHeader + size + (size & 1);
        }

        return bytesPerSecond == 0 ? null : AudioLength.Of((UInt128)bytes, bytesPerSecond);
    }

    // Plain samples have the rate that their shape gives, whatever the header says; packed ones are as fast as it says.
    private static uint BytesPerSecond(ReadOnlySpan<byte> format)
    {
        const int pcm = 1, real = 3, aLaw = 6, muLaw = 7, extensible = 0xFFFE;
        int channels = BinaryPrimitives.ReadUInt16LittleEndian(format[2..]);
        var rate = BinaryPrimitives.ReadUInt32LittleEndian(format[4..]);
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(format[14..]);
        if (BinaryPrimitives.ReadUInt16LittleEndian(format) is not (pcm or real or aLaw or muLaw or extensible))
            return BinaryPrimitives.ReadUInt32LittleEndian(format[8..]);

        var bytes = (long)rate * channels * ((bits + 7) / 8);
        return bytes <= uint.MaxValue ? (uint)bytes : 0;
    }
}
