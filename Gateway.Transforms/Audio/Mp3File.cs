using System.Buffers.Binary;

namespace Gateway.Transforms.Audio;

/// <summary>MPEG audio (layers I to III): every frame's header is visited, so that neither a variable bit rate nor a wrong Xing or VBRI count matters.</summary>
internal static class Mp3File
{
    // Tags at the end, and pictures that are out of place; more than that between frames is not this format.
    private const int MostJunk = 64 * 1024;
    private const int HeaderLength = 4;

    /// <summary>The length; <c>null</c>: it is damaged, or something else.</summary>
    /// <param name="sound">The file behind its ID3v2 tags.</param>
    public static long? Milliseconds(ReadOnlySpan<byte> sound)
    {
        MpegFrame first = default;
        ulong samples = 0;
        int at = 0, junk = 0;
        while (at + HeaderLength <= sound.Length)
        {
            if (MpegFrame.TryRead(sound[at..], out var frame) && (samples == 0 ? IsFollowed(sound, at, frame) : frame.IsLike(first)))
            {
                if (samples == 0)
                    first = frame;

                // A first frame with an index of the file in it holds no sound.
                if (samples > 0 || !HasIndex(sound.Slice(at, Math.Min(frame.Length, sound.Length - at))))
                    samples += frame.Samples;
                at += frame.Length;
                continue;
            }

            var next = sound[(at + 1)..].IndexOf((byte)0xFF);
            var skipped = next < 0 ? sound.Length - at : next + 1;
            junk += skipped;
            at += skipped;
            if (junk > MostJunk)
                return null;
        }

        return samples == 0 ? null : AudioLength.Of(samples, first.SamplesPerSecond);
    }

    // Two bytes in a row look like a header often enough; a header where the next one must be does not.
    private static bool IsFollowed(ReadOnlySpan<byte> sound, int at, in MpegFrame frame)
    {
        var next = at + frame.Length;
        return next == sound.Length || (next + HeaderLength <= sound.Length && MpegFrame.TryRead(sound[next..], out var following) && following.IsLike(frame));
    }

    private static bool HasIndex(ReadOnlySpan<byte> frame)
    {
        // Behind the side information: at most 32 bytes of it, and a checksum.
        var start = frame[..Math.Min(frame.Length, 64)];
        return start.IndexOf("Xing"u8) >= 0 || start.IndexOf("Info"u8) >= 0 || start.IndexOf("VBRI"u8) >= 0;
    }
}

/// <summary>The header of one MPEG audio frame.</summary>
internal readonly record struct MpegFrame(int Length, uint Samples, uint SamplesPerSecond, uint Kind)
{
    private const int Version1 = 3, LayerI = 3, LayerII = 2;

    private static ReadOnlySpan<ushort> Rates1 => [44100, 48000, 32000];

    // Kilobits per second by layer (I, II, III of version 1; I, then II and III of version 2) and index.
    private static ReadOnlySpan<ushort> BitRates =>
    [
        0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448, 0,
        0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 0,
        0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0,
        0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256, 0,
        0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0,
    ];

    /// <summary>Whether both belong to one stream: version, layer and sample rate do not change in one.</summary>
    public bool IsLike(in MpegFrame other) => Kind == other.Kind;

    /// <summary>Reads the four bytes of a header; free formats, which do not say their length, are refused.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out MpegFrame frame)
    {
        frame = default;
        var header = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        int version = (int)(header >> 19 & 3), layer = (int)(header >> 17 & 3), rateIndex = (int)(header >> 10 & 3), padding = (int)(header >> 9 & 1);
        if (header >> 21 != 0x7FF || version == 1 || layer == 0 || rateIndex == 3)
            return false;

        var table = version == Version1 ? 3 - layer : layer == LayerI ? 3 : 4;
        var bitRate = BitRates[table * 16 + (int)(header >> 12 & 0xF)] * 1000;
        if (bitRate == 0)
            return false;

        // Version 2 halves the rate, version 2.5 (0 in the header) quarters it.
        var rate = Rates1[rateIndex] >> (version == Version1 ? 0 : version == 0 ? 2 : 1);
        var samples = layer == LayerI ? 384 : layer == LayerII || version == Version1 ? 1152 : 576;
        var length = layer == LayerI ? (12 * bitRate / rate + padding) * 4 : samples / 8 * bitRate / rate + padding;
        frame = new MpegFrame(length, (uint)samples, (uint)rate, header & 0xFFFE_0C00);
        return true;
    }
}
