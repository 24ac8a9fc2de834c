using System.Runtime.CompilerServices;

namespace Gateway.Transforms.Tokens;

/// <summary>Byte pair merges of a short piece: the pair of the lowest rank, the leftmost first, until none is a token.</summary>
/// <remarks>Quadratic, and for pieces this short faster than a heap.</remarks>
internal static class PieceMerge
{
    /// <summary>Longest piece. Unit: bytes.</summary>
    public const int LongestPiece = 160;

    [SkipLocalsInit]
    public static int Count(RankTable ranks, ReadOnlySpan<byte> piece)
    {
        Span<int> starts = stackalloc int[LongestPiece + 2];
        // The rank of the part at i with the part after it.
        Span<int> pairs = stackalloc int[LongestPiece + 2];
        var parts = piece.Length;
        for (var i = 0; i < parts; i++)
        {
            starts[i] = i;
            pairs[i] = i + 1 < parts ? ranks.OfPair(piece[i], piece[i + 1]) : RankTable.NotAToken;
        }

        starts[parts] = parts;
        while (Lowest(pairs[..parts]) is var best and >= 0)
        {
            starts[(best + 2)..(parts + 1)].CopyTo(starts[(best + 1)..]);
            pairs[(best + 1)..parts].CopyTo(pairs[best..]);
            parts--;
            pairs[best] = best + 1 < parts ? ranks.Of(piece[starts[best]..starts[best + 2]]) : RankTable.NotAToken;
            if (best > 0) pairs[best - 1] = ranks.Of(piece[starts[best - 1]..starts[best + 1]]);
        }

        return parts;
    }

    private static int Lowest(ReadOnlySpan<int> pairs)
    {
        var best = -1;
        var lowest = RankTable.NotAToken;
        for (var i = 0; i < pairs.Length; i++)
        {
            if (pairs[i] >= lowest) continue;
            lowest = pairs[i];
            best = i;
        }

        return best;
    }
}
