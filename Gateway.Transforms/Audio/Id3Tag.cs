namespace Gateway.Transforms.Audio;

/// <summary>The ID3v2 tags before a sound (https://id3.org/id3v2.4.0-structure).</summary>
internal static class Id3Tag
{
    private const int HeaderLength = 10;
    private const byte HasFooter = 0x10;

    /// <summary>The length of all tags at the start; at most the whole file.</summary>
    public static int Length(ReadOnlySpan<byte> file)
    {
        var length = 0;
        while (file.Length - length >= HeaderLength && file[length..].StartsWith("ID3"u8))
        {
            var head = file.Slice(length, HeaderLength);

            // Seven bits in each byte, so at most 256 MiB.
            var size = ((head[6] & 0x7F) << 21) | ((head[7] & 0x7F) << 14) | ((head[8] & 0x7F) << 7) | (head[9] & 0x7F);
            length = Math.Min(file.Length, length + HeaderLength + size + ((head[5] & HasFooter) != 0 ? HeaderLength : 0));
        }

        return length;
    }
}
