using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gateway.Transforms.Tokens;

/// <summary>The tokens of an encoding, by their bytes. Open addressing over the packed file's own bytes; immutable after the load.</summary>
internal sealed class RankTable
{
    /// <summary>No such token. Greater than every rank, so that a minimum never picks it.</summary>
    public const int NotAToken = int.MaxValue;

    private const int RankBits = 18;
    private const uint RankMask = (1u << RankBits) - 1;

    private readonly byte[] _bytes;
    private readonly int[] _starts;

    // A slot is a rank + 1 in the low 18 bits and 14 bits of the hash above, which spare most comparisons of bytes; 0 is empty.
    private readonly uint[] _slots;
    private readonly int[] _pairRanks = new int[65536];
    private readonly int _longest;

    private RankTable(byte[] packed)
    {
        if (!packed.AsSpan().StartsWith("RNK1"u8)) throw new InvalidDataException("Token ranks do not start with RNK1.");
        var count = BinaryPrimitives.ReadInt32LittleEndian(packed.AsSpan(4));
        if (count >= RankMask) throw new InvalidDataException($"Token ranks: {count} tokens do not fit {RankBits} bits.");
        _bytes = packed;
        _starts = new int[count + 1];
        _slots = new uint[BitOperationsRoundUp(count)];
        Array.Fill(_pairRanks, NotAToken);
        var start = 8 + count;
        for (var rank = 0; rank < count; rank++)
        {
            _starts[rank] = start;
            var token = packed.AsSpan(start, packed[8 + rank]);
            start += token.Length;
            _longest = Math.Max(_longest, token.Length);
            if (token.Length == 2) _pairRanks[token[0] | (token[1] << 8)] = rank;
            else Insert(token, rank);
        }

        _starts[count] = start;
    }

    /// <summary>Reads one of the files in Ranks/ that are embedded in this assembly.</summary>
    public static RankTable Load(TokenEncoding encoding)
    {
        var name = encoding == TokenEncoding.O200k ? "Ranks.o200k_base.bin" : "Ranks.cl100k_base.bin";
        using var stream = typeof(RankTable).Assembly.GetManifestResourceStream(typeof(RankTable), name)
            ?? throw new InvalidDataException($"Token ranks {name} are not embedded.");
        var packed = new byte[stream.Length];
        stream.ReadExactly(packed);
        return new RankTable(packed);
    }

    /// <summary>Rank of two bytes, or <see cref="NotAToken"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int OfPair(byte first, byte second) => _pairRanks[first | (second << 8)];

    /// <summary>Rank of a token, or <see cref="NotAToken"/>.</summary>
    public int Of(ReadOnlySpan<byte> token)
    {
        if (token.Length == 2) return OfPair(token[0], token[1]);
        if (token.Length > _longest) return NotAToken;
        var hash = Hash(token);
        var tag = hash & ~RankMask;
        var slots = _slots;
        for (var at = hash & (uint)(slots.Length - 1); ; at = (at + 1) & (uint)(slots.Length - 1))
        {
            var slot = slots[at];
            if (slot == 0) return NotAToken;
            if ((slot & ~RankMask) != tag) continue;
            var rank = (int)(slot & RankMask) - 1;
            var start = _starts[rank];
            if (_bytes.AsSpan(start, _starts[rank + 1] - start).SequenceEqual(token)) return rank;
        }
    }

    private void Insert(ReadOnlySpan<byte> token, int rank)
    {
        var hash = Hash(token);
        var at = hash & (uint)(_slots.Length - 1);
        while (_slots[at] != 0) at = (at + 1) & (uint)(_slots.Length - 1);
        _slots[at] = (hash & ~RankMask) | (uint)(rank + 1);
    }

    private static int BitOperationsRoundUp(int count) => (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count * 2);

    // Not keyed: the table's content is fixed, so no input can make its chains longer than they are.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Hash(ReadOnlySpan<byte> token)
    {
        var hash = (ulong)token.Length * 0x9E3779B97F4A7C15;
        while (token.Length >= 8)
        {
            hash = (hash ^ MemoryMarshal.Read<ulong>(token)) * 0xFF51AFD7ED558CCD;
            hash ^= hash >> 32;
            token = token[8..];
        }

        hash = (hash ^ TailWord.Read(token)) * 0xFF51AFD7ED558CCD;
        hash ^= hash >> 32;
        return (uint)((hash * 0xC4CEB9FE1A85EC53) >> 32);
    }
}
