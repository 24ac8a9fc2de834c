using System.Buffers.Binary;

namespace Gateway.Transforms.Audio;

/// <summary>WebM and Matroska (RFC 9559): the duration in its head, or the time of its last block where that is later or the head has none.</summary>
/// <remarks>Recordings of browsers have no duration and elements of unknown size: those that hold others are entered, so their sizes do not matter.</remarks>
internal static class MatroskaFile
{
    private const ulong Segment = 0x18538067, Info = 0x1549A966, TimestampScale = 0x2AD7B1, Duration = 0x4489, Cluster = 0x1F43B675, Timestamp = 0xE7,
        BlockGroup = 0xA0, Block = 0xA1, SimpleBlock = 0xA3;

    // Nanoseconds a tick: a millisecond, and as a bound a quarter of an hour.
    private const ulong UsualScale = 1_000_000;
    private const ulong SlowestScale = 1_000_000_000_000;
    private const ulong LongestBlockMs = 1_000;

    /// <summary>The first bytes of every EBML file.</summary>
    public static ReadOnlySpan<byte> Magic => [0x1A, 0x45, 0xDF, 0xA3];

    /// <summary>The length; <c>null</c>: it does not say, or is damaged.</summary>
    public static long? Milliseconds(ReadOnlySpan<byte> file)
    {
        var times = new Times();
        var at = 0;
        while (TryReadId(file, ref at, out var id) && TryReadSize(file, ref at, out var size))
        {
            if (id is Segment or Info or Cluster or BlockGroup)
                continue;
            if (size is not { } length)
                break;

            var body = file.Slice(at, (int)Math.Min(length, (ulong)(file.Length - at)));
            times.Note(id, body);
            at += body.Length;
        }

        return times.Milliseconds();
    }

    private static bool TryReadId(ReadOnlySpan<byte> file, ref int at, out ulong id)
    {
        var isThere = TryReadNumber(file, ref at, out id, out var length);
        return isThere && length <= 4;
    }

    // All ones: the size is not known.
    private static bool TryReadSize(ReadOnlySpan<byte> file, ref int at, out ulong? size)
    {
        size = null;
        if (!TryReadNumber(file, ref at, out var number, out var length))
            return false;

        var mask = (1UL << (7 * length)) - 1;
        if ((number & mask) != mask)
            size = number & mask;
        return true;
    }

    // The zeros before the first one say how many bytes follow; the number is returned with that one in it.
    private static bool TryReadNumber(ReadOnlySpan<byte> file, ref int at, out ulong number, out int length)
    {
        number = 0;
        length = at < file.Length ? System.Numerics.BitOperations.LeadingZeroCount((uint)file[at]) - 23 : 0;
        if (length is < 1 or > 8 || file.Length - at < length)
            return false;

        foreach (var next in file.Slice(at, length))
            number = number << 8 | next;
        at += length;
        return true;
    }

    /// <summary>What the elements say of time. Unit: ticks of the file's scale.</summary>
    private struct Times()
    {
        private ulong _scale = UsualScale;
        private double _declared;
        private ulong _cluster;
        private UInt128 _last;
        private UInt128 _step;

        public void Note(ulong id, ReadOnlySpan<byte> body)
        {
            switch (id)
            {
                case TimestampScale:
                    _scale = Math.Min(Unsigned(body), SlowestScale);
                    break;
                case Duration:
                    _declared = body.Length == 4 ? BinaryPrimitives.ReadSingleBigEndian(body) : body.Length == 8 ? BinaryPrimitives.ReadDoubleBigEndian(body) : 0;
                    break;
                case Timestamp:
                    _cluster = Unsigned(body);
                    break;
                case Block or SimpleBlock:
                    NoteBlock(body);
                    break;
            }
        }

        // A block does not say how long it is: the last one counts as long as the step to it, within reason.
        public readonly long? Milliseconds()
        {
            var walked = _last * _scale / 1_000_000 + UInt128.Min(_step * _scale / 1_000_000, LongestBlockMs);
            var declared = _declared * _scale / 1_000_000;
            if (double.IsNaN(declared) || declared < 0 || declared > AudioLength.Longest || walked > (UInt128)AudioLength.Longest)
                return null;
            return Math.Max((long)Math.Ceiling(declared), (long)walked);
        }

        private void NoteBlock(ReadOnlySpan<byte> body)
        {
            // The track's number, then the time relative to the cluster's.
            var at = 0;
            if (!TryReadNumber(body, ref at, out _, out _) || body.Length - at < 2)
                return;

            var relative = BinaryPrimitives.ReadInt16BigEndian(body[at..]);
            var time = relative < 0 ? (UInt128)(_cluster - Math.Min(_cluster, (ulong)-relative)) : (UInt128)_cluster + (UInt128)relative;
            if (time <= _last)
                return;
            _step = time - _last;
            _last = time;
        }

        private static ulong Unsigned(ReadOnlySpan<byte> body)
        {
            ulong number = 0;
            foreach (var next in body[..Math.Min(body.Length, 8)])
                number = number << 8 | next;
            return number;
        }
    }
}
