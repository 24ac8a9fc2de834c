using System.Buffers.Binary;

namespace Gateway.Transforms.Audio;

/// <summary>The durations of one track in the fragments of an MP4 that was written as it was recorded: browsers and encoders of live sound do that.</summary>
internal ref struct Mp4Fragments
{
    private const uint Mvex = 0x6D766578, Trex = 0x74726578, Traf = 0x74726166, Tfhd = 0x74666864, Trun = 0x7472756E;

    private readonly uint _track;
    private readonly uint _usual;

    /// <summary>Fragments of a track.</summary>
    /// <param name="track">Its number.</param>
    /// <param name="movie">The movie box, with the durations that fragments need not repeat.</param>
    public Mp4Fragments(uint track, ReadOnlySpan<byte> movie)
    {
        _track = track;
        var boxes = new Mp4Boxes(Mp4Boxes.Find(movie, Mvex));
        while (boxes.Next())
        {
            // Version and flags, track, sample description, sample duration.
            if (boxes.Type == Trex && boxes.Body.Length >= 16 && BinaryPrimitives.ReadUInt32BigEndian(boxes.Body[4..]) == track)
                _usual = BinaryPrimitives.ReadUInt32BigEndian(boxes.Body[12..]);
        }
    }

    /// <summary>All durations together. Unit: the track's.</summary>
    public UInt128 Units { get; private set; }

    /// <summary>Adds a <c>moof</c> box.</summary>
    public void Add(ReadOnlySpan<byte> fragment)
    {
        var parts = new Mp4Boxes(fragment);
        while (parts.Next())
        {
            if (parts.Type != Traf || !TryReadHead(Mp4Boxes.Find(parts.Body, Tfhd), out var usual))
                continue;

            var runs = new Mp4Boxes(parts.Body);
            while (runs.Next())
            {
                if (runs.Type == Trun)
                    AddRun(runs.Body, usual);
            }
        }
    }

    // Flags tell which of the optional fields before the sample duration are there.
    private readonly bool TryReadHead(ReadOnlySpan<byte> head, out uint usual)
    {
        const uint baseOffset = 0x1, description = 0x2, duration = 0x8;
        usual = _usual;
        if (head.Length < 8 || BinaryPrimitives.ReadUInt32BigEndian(head[4..]) != _track)
            return false;

        var flags = BinaryPrimitives.ReadUInt32BigEndian(head) & 0xFF_FFFF;
        var at = 8 + ((flags & baseOffset) != 0 ? 8 : 0) + ((flags & description) != 0 ? 4 : 0);
        if ((flags & duration) != 0 && head.Length >= at + 4)
            usual = BinaryPrimitives.ReadUInt32BigEndian(head[at..]);
        return true;
    }

    private void AddRun(ReadOnlySpan<byte> run, uint usual)
    {
        const uint dataOffset = 0x1, firstFlags = 0x4, duration = 0x100, size = 0x200, flagsOfSample = 0x400, offset = 0x800;
        if (run.Length < 8)
            return;

        var flags = BinaryPrimitives.ReadUInt32BigEndian(run) & 0xFF_FFFF;
        var count = BinaryPrimitives.ReadUInt32BigEndian(run[4..]);
        if ((flags & duration) == 0)
        {
            Units += (UInt128)count * usual;
            return;
        }

        var at = 8 + ((flags & dataOffset) != 0 ? 4 : 0) + ((flags & firstFlags) != 0 ? 4 : 0);
        var step = 4 + ((flags & size) != 0 ? 4 : 0) + ((flags & flagsOfSample) != 0 ? 4 : 0) + ((flags & offset) != 0 ? 4 : 0);
        for (; count > 0 && at + step <= run.Length; count--, at += step)
            Units += BinaryPrimitives.ReadUInt32BigEndian(run[at..]);
    }
}
