using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gateway.Transforms.Tokens;

/// <summary>The last bytes of a key, as one word.</summary>
internal static class TailWord
{
    /// <summary>Up to 7 bytes, little endian, zeros above.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Read(ReadOnlySpan<byte> bytes)
    {
        var length = bytes.Length;
        if (length >= 4)
        {
            // Two reads that overlap: the bytes that both hold are the same, so that an or of them changes nothing.
            ulong low = MemoryMarshal.Read<uint>(bytes);
            ulong high = MemoryMarshal.Read<uint>(bytes[(length - 4)..]);
            return low | (high << ((length - 4) * 8));
        }

        if (length == 0) return 0;
        return bytes[0] | ((ulong)bytes[length >> 1] << ((length >> 1) * 8)) | ((ulong)bytes[length - 1] << ((length - 1) * 8));
    }
}
