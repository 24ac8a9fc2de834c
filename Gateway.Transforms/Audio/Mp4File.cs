using System.Buffers.Binary;

namespace Gateway.Transforms.Audio;

/// <summary>MP4 and M4A: the longest of what the movie, its sound tracks and their sample tables say; a fragmented file's fragments add up.</summary>
internal static class Mp4File
{
    private const uint Moov = 0x6D6F6F76, Mvhd = 0x6D766864, Trak = 0x7472616B, Mdia = 0x6D646961, Mdhd = 0x6D646864, Hdlr = 0x68646C72, Soun = 0x736F756E,
        Minf = 0x6D696E66, Stbl = 0x7374626C, Stts = 0x73747473, Tkhd = 0x746B6864, Moof = 0x6D6F6F66;

    /// <summary>Whether the file begins as one.</summary>
    public static bool IsOne(ReadOnlySpan<byte> file) =>
        file.Length >= 8 && (file[4..].StartsWith("ftyp"u8) || file[4..].StartsWith("moov"u8) || file[4..].StartsWith("mdat"u8)
            || file[4..].StartsWith("free"u8) || file[4..].StartsWith("skip"u8) || file[4..].StartsWith("wide"u8) || file[4..].StartsWith("styp"u8));

    /// <summary>The length; <c>null</c>: it does not say, or is damaged.</summary>
    public static long? Milliseconds(ReadOnlySpan<byte> file)
    {
        var movie = Mp4Boxes.Find(file, Moov);
        if (movie.IsEmpty)
            return null;

        var sound = default(SoundTrack);
        var longest = Header(Mp4Boxes.Find(movie, Mvhd), out _);
        var boxes = new Mp4Boxes(movie);
        while (boxes.Next())
        {
            if (boxes.Type == Trak && TryReadTrack(boxes.Body, out var track))
            {
                longest = Math.Max(longest, track.Milliseconds);
                if (sound.SamplesPerSecond == 0)
                    sound = track;
            }
        }

        if (sound.SamplesPerSecond == 0)
            return null;
        var fragments = new Mp4Fragments(sound.Id, movie);
        boxes = new Mp4Boxes(file);
        while (boxes.Next())
        {
            if (boxes.Type == Moof)
                fragments.Add(boxes.Body);
        }

        return Math.Max(longest, AudioLength.Of(fragments.Units, sound.SamplesPerSecond));
    }

    private static bool TryReadTrack(ReadOnlySpan<byte> body, out SoundTrack track)
    {
        track = default;
        var media = Mp4Boxes.Find(body, Mdia);
        var handler = Mp4Boxes.Find(media, Hdlr);
        if (handler.Length < 12 || BinaryPrimitives.ReadUInt32BigEndian(handler[8..]) != Soun)
            return false;

        var head = Mp4Boxes.Find(body, Tkhd);
        var idOffset = head.Length > 0 && head[0] == 1 ? 20 : 12;
        var declared = Header(Mp4Boxes.Find(media, Mdhd), out var rate);
        var table = Mp4Boxes.Find(Mp4Boxes.Find(Mp4Boxes.Find(media, Minf), Stbl), Stts);
        track = new SoundTrack(
            head.Length >= idOffset + 4 ? BinaryPrimitives.ReadUInt32BigEndian(head[idOffset..]) : 0, rate, Math.Max(declared, AudioLength.Of(Units(table), rate)));
        return rate > 0;
    }

    // The headers of the movie and of a track's media are alike: version 1 has long times. All ones: the duration is not known.
    private static long Header(ReadOnlySpan<byte> box, out uint rate)
    {
        rate = 0;
        if (box.Length < 20)
            return 0;

        ulong duration;
        if (box[0] == 1)
        {
            if (box.Length < 32)
                return 0;
            rate = BinaryPrimitives.ReadUInt32BigEndian(box[20..]);
            duration = BinaryPrimitives.ReadUInt64BigEndian(box[24..]);
        }
        else
        {
            rate = BinaryPrimitives.ReadUInt32BigEndian(box[12..]);
            duration = BinaryPrimitives.ReadUInt32BigEndian(box[16..]);
        }

        return duration == (box[0] == 1 ? ulong.MaxValue : uint.MaxValue) ? 0 : AudioLength.Of(duration, rate);
    }

    // How many samples have which duration.
    private static UInt128 Units(ReadOnlySpan<byte> table)
    {
        UInt128 units = 0;
        for (var at = 8; at + 8 <= table.Length; at += 8)
            units += (UInt128)BinaryPrimitives.ReadUInt32BigEndian(table[at..]) * BinaryPrimitives.ReadUInt32BigEndian(table[(at + 4)..]);
        return units;
    }

    private readonly record struct SoundTrack(uint Id, uint SamplesPerSecond, long Milliseconds);
}
