using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Gateway.Transforms.Tokens;

/// <summary>Counts of pieces that are more than one token. Direct mapped, shared by all threads without locks.</summary>
/// <remarks>
/// One entry is one 64-bit word, a tag and a count, so that a reader never sees half of a write. The hash is NH (Black et al., UMAC, 1999) under
/// keys drawn at start, with the length as its first word: two pieces have the same 57-bit tag with a probability near 2^-57, whoever chose them.
/// </remarks>
internal sealed class PieceCountCache
{
    /// <summary>Longest piece that is kept. Unit: bytes. Eight words.</summary>
    public const int LongestPiece = 64;

    private const int EntryBits = 16;
    private const int CountBits = 7;
    private const ulong CountMask = (1ul << CountBits) - 1;
    private const int Words = 1 + (LongestPiece / 8) + 1;

    private readonly ulong[] _entries = new ulong[1 << EntryBits];
    private readonly ulong[] _keys = new ulong[Words + 2];

    public PieceCountCache() => RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(_keys.AsSpan()));

    /// <summary>Where a piece's count would be, and how it would be recognised.</summary>
    public readonly record struct Slot(int Index, ulong Tag);

    /// <summary>The slot of a piece of at most <see cref="LongestPiece"/> bytes.</summary>
    public Slot Find(ReadOnlySpan<byte> piece)
    {
        var keys = _keys;
        var left = (ulong)piece.Length + keys[0];
        var at = 1;
        UInt128 sum = 0;
        while (true)
        {
            sum += BigMul(left, Word(piece) + keys[at]);
            if (piece.Length <= 8) break;
            piece = piece[8..];
            left = Word(piece) + keys[at + 1];
            piece = piece.Length > 8 ? piece[8..] : default;
            at += 2;
        }

        var high = Math.BigMul((ulong)sum ^ keys[Words], (ulong)(sum >> 64) ^ keys[Words + 1], out var low);
        return new Slot((int)(low >> (64 - EntryBits)), (high ^ BitOperations.RotateLeft(low, 32)) & ~CountMask);
    }

    /// <summary>The count in a slot, or 0 when the slot holds another piece's or none.</summary>
    public int Read(Slot slot)
    {
        var entry = Volatile.Read(ref _entries[slot.Index]);
        return (entry & ~CountMask) == slot.Tag ? (int)(entry & CountMask) : 0;
    }

    /// <summary>Keeps a count of 1 to 64.</summary>
    public void Write(Slot slot, int count) => Volatile.Write(ref _entries[slot.Index], slot.Tag | (uint)count);

    private static ulong Word(ReadOnlySpan<byte> piece) => piece.Length >= 8 ? MemoryMarshal.Read<ulong>(piece) : TailWord.Read(piece);

    private static UInt128 BigMul(ulong left, ulong right)
    {
        var high = Math.BigMul(left, right, out var low);
        return new UInt128(high, low);
    }
}
