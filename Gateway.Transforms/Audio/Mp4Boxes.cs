using System.Buffers.Binary;

namespace Gateway.Transforms.Audio;

/// <summary>Walks the boxes of one level of an MP4 file (ISO/IEC 14496-12, section 4.2).</summary>
internal ref struct Mp4Boxes(ReadOnlySpan<byte> level)
{
    private const int HeaderLength = 8;
    private const int LongHeaderLength = 16;

    private ReadOnlySpan<byte> _rest = level;

    /// <summary>The four letters of the box, as one number.</summary>
    public uint Type { get; private set; }

    /// <summary>What is in the box: to the end of the level where its size says more.</summary>
    public ReadOnlySpan<byte> Body { get; private set; }

    /// <summary>Goes to the next box; false at the end, and at a size that cannot be.</summary>
    public bool Next()
    {
        if (_rest.Length < HeaderLength)
            return false;

        ulong size = BinaryPrimitives.ReadUInt32BigEndian(_rest);
        Type = BinaryPrimitives.ReadUInt32BigEndian(_rest[4..]);
        var header = HeaderLength;
        if (size == 1)
        {
            if (_rest.Length < LongHeaderLength)
                return false;
            size = BinaryPrimitives.ReadUInt64BigEndian(_rest[HeaderLength..]);
            header = LongHeaderLength;
        }
        else if (size == 0)
        {
            size = (ulong)_rest.Length;
        }

        if (size < (ulong)header)
            return false;

        var end = (int)Math.Min(size, (ulong)_rest.Length);
        Body = _rest[header..end];
        _rest = _rest[end..];
        return true;
    }

    /// <summary>The first box of a type in a level; empty: none.</summary>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> level, uint type)
    {
        var boxes = new Mp4Boxes(level);
        while (boxes.Next())
        {
            if (boxes.Type == type)
                return boxes.Body;
        }

        return default;
    }
}
