using System.Buffers.Binary;
using System.Text;

namespace Gateway.Tests.Audio;

/// <summary>Writes small sound files by hand: containers with silence in them.</summary>
internal static class SoundFiles
{
    public const uint Unknown = uint.MaxValue;

    public static byte[] Wav(int rate, int channels, int bits, int dataBytes, uint? declared = null, string riff = "RIFF", int format = 1, int? bytesPerSecond = null) =>
    [
        .. Text(riff), .. Little(36u + (uint)dataBytes), .. Text("WAVE"),
        .. Text("LIST"), .. Little(3u), 1, 2, 3, 0,
        .. Text("fmt "), .. Little(16u), .. Little((ushort)format), .. Little((ushort)channels), .. Little((uint)rate),
        .. Little((uint)(bytesPerSecond ?? rate * channels * bits / 8)), .. Little((ushort)(channels * bits / 8)), .. Little((ushort)bits),
        .. Text("data"), .. Little(declared ?? (uint)dataBytes), .. new byte[dataBytes],
    ];

    /// <summary>Frames of MPEG version 1, layer III, 128 kbit/s at 44.1 kHz: 417 bytes and 1152 samples each.</summary>
    public static byte[] Mp3(int frames, string? index = null)
    {
        var file = new byte[frames * 417];
        for (var i = 0; i < frames; i++)
            ((ReadOnlySpan<byte>)[0xFF, 0xFB, 0x90, 0x64]).CopyTo(file.AsSpan(i * 417));
        if (index is not null)
            Text(index).CopyTo(file.AsSpan(36));
        return file;
    }

    public static byte[] Id3(int size) =>
        [.. Text("ID3"), 4, 0, 0, (byte)(size >> 21 & 0x7F), (byte)(size >> 14 & 0x7F), (byte)(size >> 7 & 0x7F), (byte)(size & 0x7F), .. new byte[size]];

    public static byte[] Flac(uint rate, int channels, int bits, ulong samples, int soundBytes = 0, int pictureBytes = 0)
    {
        var packed = (ulong)rate << 44 | (ulong)(channels - 1) << 41 | (ulong)(bits - 1) << 36 | samples;
        return
        [
            .. Text("fLaC"), 0, 0, 0, 34, .. new byte[10], .. Big(packed), .. new byte[16],
            0x86, .. Big((uint)pictureBytes)[1..], .. new byte[pictureBytes], .. new byte[soundBytes],
        ];
    }

    /// <summary>A page; its body may have at most 65,025 bytes.</summary>
    public static byte[] OggPage(uint serial, long position, byte[] body)
    {
        byte[] lacing = [.. Enumerable.Repeat((byte)255, body.Length / 255), (byte)(body.Length % 255)];
        return [.. Text("OggS"), 0, 0, .. Little((ulong)position), .. Little(serial), .. new byte[8], (byte)lacing.Length, .. lacing, .. body];
    }

    public static byte[] OpusHead(ushort preSkip) => [.. Text("OpusHead"), 1, 2, .. Little(preSkip), .. Little(16_000u), 0, 0, 0];

    public static byte[] VorbisHead(uint rate) => [1, .. Text("vorbis"), 0, 0, 0, 0, 2, .. Little(rate), .. new byte[14]];

    public static byte[] OggFlacHead(uint rate) => [0x7F, .. Text("FLAC"), 1, 0, 0, 1, .. Flac(rate, 1, 16, 0)[..42]];

    public static byte[] Box(string type, params byte[][] bodies)
    {
        var body = bodies.SelectMany(static part => part).ToArray();
        return [.. Big((uint)body.Length + 8), .. Text(type), .. body];
    }

    /// <summary>A movie with a picture track, which says nothing, and a sound track.</summary>
    public static byte[] Mp4(uint movieMs, uint rate, uint duration, (uint Count, uint Each)[] samples, params byte[][] more) =>
    [
        .. Box("ftyp", Text("M4A "), new byte[4]),
        .. Box("moov", [Box("mvhd", Header(1000, movieMs)), Track(1, "vide", 90_000, 0, []), Track(2, "soun", rate, duration, samples), .. more]),
    ];

    public static byte[] Trex(uint track, uint usual) => Box("mvex", Box("trex", new byte[4], Big(track), Big(1u), Big(usual), new byte[8]));

    public static byte[] Fragment(uint track, uint count, uint[]? durations, uint? usual = null) => Box(
        "moof",
        Box(
            "traf",
            Box("tfhd", Big(usual is null ? 0u : 8u), Big(track), usual is { } own ? Big(own) : []),
            Box("trun", Big(durations is null ? 0u : 0x301u), Big(count), durations is null ? [] : [.. Big(0u), .. durations.SelectMany(static each => Big(each).Concat(Big(7u)))])));

    /// <summary>An element with a size of eight bytes; <c>null</c>: the size is not known.</summary>
    public static byte[] Element(ulong id, byte[] body, bool sizeIsKnown = true)
    {
        var name = Big(id).SkipWhile(static next => next == 0);
        return [.. name, .. Big(sizeIsKnown ? 1UL << 56 | (uint)body.Length : ulong.MaxValue >> 7), .. body];
    }

    /// <summary>A recording in clusters of ten blocks, 20 ms apart.</summary>
    public static byte[] WebM(int clusters, double? durationMs, bool sizesAreKnown = true, ulong scale = 1_000_000)
    {
        var info = Element(0x1549A966, [.. Element(0x2AD7B1, Big(scale)), .. durationMs is { } ms ? Element(0x4489, Big(BitConverter.DoubleToUInt64Bits(ms))) : []]);
        var written = Enumerable.Range(0, clusters).SelectMany(cluster => Element(
            0x1F43B675,
            [
                .. Element(0xE7, Big((ulong)cluster * 200)),
                .. Enumerable.Range(0, 9).SelectMany(static block => Element(0xA3, [0x81, .. Big((ushort)(block * 20)), 0x80, 1, 2, 3])),
                .. Element(0xA0, Element(0xA1, [0x81, .. Big((ushort)180), 0, 1, 2, 3])),
            ],
            sizesAreKnown));
        return [.. Element(0x1A45DFA3, Element(0x4282, Text("webm"))), .. Element(0x18538067, [.. info, .. written], sizesAreKnown)];
    }

    public static byte[] Text(string text) => Encoding.ASCII.GetBytes(text);

    private static byte[] Track(uint id, string handler, uint rate, uint duration, (uint Count, uint Each)[] samples) => Box(
        "trak",
        Box("tkhd", new byte[12], Big(id), new byte[64]),
        Box(
            "mdia",
            Box("mdhd", Header(rate, duration)),
            Box("hdlr", new byte[8], Text(handler), new byte[13]),
            Box("minf", Box("stbl", Box("stts", new byte[4], Big((uint)samples.Length), [.. samples.SelectMany(static run => Big(run.Count).Concat(Big(run.Each)))])))));

    private static byte[] Header(uint rate, uint duration) => [.. new byte[12], .. Big(rate), .. Big(duration), .. new byte[4]];

    private static byte[] Little(ushort value) => [(byte)value, (byte)(value >> 8)];

    private static byte[] Little(uint value) => BitConverter.GetBytes(BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value));

    private static byte[] Little(ulong value) => BitConverter.GetBytes(BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value));

    private static byte[] Big(ushort value) => [(byte)(value >> 8), (byte)value];

    private static byte[] Big(uint value) => [.. Little(value).Reverse()];

    private static byte[] Big(ulong value) => [.. Little(value).Reverse()];
}
