using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Gateway.Ledger.Spool;

/// <summary>What a record says.</summary>
internal enum RecordKind : byte
{
    /// <summary>A call is about to be tried.</summary>
    Intent = 1,

    /// <summary>What a running call has cost so far.</summary>
    Checkpoint = 2,

    /// <summary>How a call was settled; of several for one call the last counts.</summary>
    Settle = 3,

    /// <summary>The last bytes are about to leave: the settlement stands.</summary>
    Delivering = 4,
}

/// <summary>The framing: <c>[int length][uint crc32c][byte kind][16 bytes receipt][payload]</c>, little endian; length counts from the kind on and is
/// part of the checksum; a length of zero is the end.</summary>
internal static class SpoolRecord
{
    /// <summary>Length and checksum.</summary>
    public const int HeaderBytes = 8;

    /// <summary>Kind and receipt id.</summary>
    public const int PrefixBytes = 17;

    /// <summary>The largest record: far above any receipt. Unit: bytes.</summary>
    public const int MaxBytes = 8 << 20;

    /// <summary>Appends one record.</summary>
    public static void Write(IBufferWriter<byte> to, RecordKind kind, ReceiptId id, ReadOnlySpan<byte> payload)
    {
        var length = PrefixBytes + payload.Length;
        var span = to.GetSpan(HeaderBytes + length);
        BinaryPrimitives.WriteInt32LittleEndian(span, length);
        span[HeaderBytes] = (byte)kind;
        id.Value.TryWriteBytes(span[(HeaderBytes + 1)..]);
        payload.CopyTo(span[(HeaderBytes + PrefixBytes)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(span[4..], Checksum(length, span.Slice(HeaderBytes, length)));
        to.Advance(HeaderBytes + length);
    }

    /// <summary>CRC-32C (Castagnoli) over length and body.</summary>
    public static uint Checksum(int length, ReadOnlySpan<byte> body)
    {
        var crc = BitOperations.Crc32C(uint.MaxValue, (uint)length);
        var words = MemoryMarshal.Cast<byte, ulong>(body);
        foreach (var word in words)
            crc = BitOperations.Crc32C(crc, word);
        foreach (var last in body[(words.Length * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, last);
        return ~crc;
    }
}
