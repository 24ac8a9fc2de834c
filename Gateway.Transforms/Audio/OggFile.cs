using System.Buffers.Binary;

namespace Gateway.Transforms.Audio;

/// <summary>OGG (RFC 3533): the highest position of each sound stream's pages. Streams in a chain add up.</summary>
internal static class OggFile
{
    private const int HeaderLength = 27;
    private const int MostStreams = 16;

    // Opus at its fastest, 510 kbit/s (RFC 6716, section 2.1.1): a file that says less than that was not counted honestly.
    private const uint FastestBytesPerSecond = 64_000;

    /// <summary>The length; <c>null</c>: it has no stream that is known, or is damaged.</summary>
    public static long? Milliseconds(ReadOnlySpan<byte> file)
    {
        Span<SoundStream> streams = stackalloc SoundStream[MostStreams];
        int count = 0, at = 0;
        long sound = 0;
        while (at + HeaderLength <= file.Length)
        {
            var page = file[at..];
            if (!page.StartsWith("OggS"u8))
            {
                var next = page.IndexOf("OggS"u8);
                if (next < 0)
                    break;
                at += next;
                continue;
            }

            var segments = page[26];
            var body = page[Math.Min(HeaderLength + segments, page.Length)..];
            var size = Size(page[HeaderLength..], segments);
            var serial = BinaryPrimitives.ReadUInt32LittleEndian(page[14..]);
            var known = Find(streams[..count], serial);
            if (known >= 0)
            {
                streams[known].Reach(BinaryPrimitives.ReadInt64LittleEndian(page[6..]));
                sound += Math.Min(size, body.Length);
            }
            else if (SoundStream.TryBegin(body, serial, out var stream))
            {
                if (count == MostStreams)
                    return null;
                streams[count++] = stream;
            }

            at += HeaderLength + Math.Min(segments + size, page.Length - HeaderLength);
        }

        UInt128 total = 0;
        foreach (var stream in streams[..count])
            total += (UInt128)stream.Milliseconds;
        return total == 0 || total > (UInt128)AudioLength.Longest ? null : Math.Max((long)total, AudioLength.Of((UInt128)sound, FastestBytesPerSecond));
    }

    private static int Size(ReadOnlySpan<byte> lacing, int segments)
    {
        var size = 0;
        foreach (var length in lacing[..Math.Min(segments, lacing.Length)])
            size += length;
        return size;
    }

    private static int Find(ReadOnlySpan<SoundStream> streams, uint serial)
    {
        for (var i = 0; i < streams.Length; i++)
        {
            if (streams[i].Serial == serial)
                return i;
        }

        return -1;
    }

    /// <summary>One stream of sound in the file.</summary>
    private struct SoundStream
    {
        private uint _samplesPerSecond;
        private long _before;
        private long _last;

        public uint Serial { get; private set; }

        public readonly long Milliseconds => AudioLength.Of((UInt128)Math.Max(0, _last - _before), _samplesPerSecond);

        // Pages on which no packet ends say -1.
        public void Reach(long position) => _last = Math.Max(_last, position);

        // The first page of a stream says what it is. Opus counts at 48 kHz, from before what a player hears (RFC 7845, section 4).
        public static bool TryBegin(ReadOnlySpan<byte> body, uint serial, out SoundStream stream)
        {
            stream = new SoundStream { Serial = serial };
            if (body.Length >= 12 && body.StartsWith("OpusHead"u8))
                (stream._samplesPerSecond, stream._before) = (48_000, BinaryPrimitives.ReadUInt16LittleEndian(body[10..]));
            else if (body.Length >= 16 && body.StartsWith("\u0001vorbis"u8))
                stream._samplesPerSecond = BinaryPrimitives.ReadUInt32LittleEndian(body[12..]);
            else if (body.Length >= 31 && body.StartsWith("\u007fFLAC"u8))
                stream._samplesPerSecond = BinaryPrimitives.ReadUInt32BigEndian(body[27..]) >> 12;
            else if (body.Length >= 40 && body.StartsWith("Speex   "u8))
                stream._samplesPerSecond = BinaryPrimitives.ReadUInt32LittleEndian(body[36..]);
            return stream._samplesPerSecond > 0;
        }
    }
}
