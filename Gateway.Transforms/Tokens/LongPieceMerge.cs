using System.Buffers;

namespace Gateway.Transforms.Tokens;

/// <summary>Byte pair merges of a long piece, in O(n log n): a heap of pairs over a linked list of parts.</summary>
/// <remarks>tiktoken is quadratic here: 200,000 underscores take it minutes (https://github.com/openai/tiktoken/issues/195).</remarks>
internal static class LongPieceMerge
{
    public static int Count(RankTable ranks, ReadOnlySpan<byte> piece)
    {
        var length = piece.Length;
        var next = ArrayPool<int>.Shared.Rent(length);
        var previous = ArrayPool<int>.Shared.Rent(length);
        var pairs = ArrayPool<int>.Shared.Rent(length);
        // Every merge takes one pair out and puts at most two in, so there are never more than two per byte.
        var heap = ArrayPool<ulong>.Shared.Rent(length * 2);
        try
        {
            return Count(ranks, piece, next, previous, pairs, new PairHeap(heap));
        }
        finally
        {
            ArrayPool<int>.Shared.Return(next);
            ArrayPool<int>.Shared.Return(previous);
            ArrayPool<int>.Shared.Return(pairs);
            ArrayPool<ulong>.Shared.Return(heap);
        }
    }

    private static int Count(RankTable ranks, ReadOnlySpan<byte> piece, int[] next, int[] previous, int[] pairs, PairHeap heap)
    {
        var length = piece.Length;
        for (var i = 0; i < length; i++)
        {
            next[i] = i + 1;
            previous[i] = i - 1;
            pairs[i] = i + 1 < length ? ranks.OfPair(piece[i], piece[i + 1]) : RankTable.NotAToken;
            if (pairs[i] != RankTable.NotAToken) heap.Push(pairs[i], i);
        }

        var parts = length;
        while (heap.TryPop(out var rank, out var left))
        {
            // A pair that has changed since it was pushed was pushed again with its new rank.
            if (pairs[left] != rank) continue;
            var right = next[left];
            var after = next[right];
            pairs[right] = RankTable.NotAToken;
            next[left] = after;
            if (after < length) previous[after] = left;
            parts--;

            Rank(ranks, piece, next, pairs, ref heap, left);
            if (previous[left] >= 0) Rank(ranks, piece, next, pairs, ref heap, previous[left]);
        }

        return parts;
    }

    private static void Rank(RankTable ranks, ReadOnlySpan<byte> piece, int[] next, int[] pairs, ref PairHeap heap, int left)
    {
        var right = next[left];
        pairs[left] = right < piece.Length ? ranks.Of(piece[left..next[right]]) : RankTable.NotAToken;
        if (pairs[left] != RankTable.NotAToken) heap.Push(pairs[left], left);
    }

    /// <summary>Binary heap of (rank, position), the lowest rank and then the leftmost position first.</summary>
    private struct PairHeap(ulong[] items)
    {
        private int _count;

        public void Push(int rank, int position)
        {
            var item = ((ulong)(uint)rank << 32) | (uint)position;
            var at = _count++;
            while (at > 0)
            {
                var parent = (at - 1) >> 1;
                if (items[parent] <= item) break;
                items[at] = items[parent];
                at = parent;
            }

            items[at] = item;
        }

        public bool TryPop(out int rank, out int position)
        {
            if (_count == 0)
            {
                rank = position = 0;
                return false;
            }

            rank = (int)(items[0] >> 32);
            position = (int)(uint)items[0];
            var item = items[--_count];
            var at = 0;
            while (true)
            {
                var child = (2 * at) + 1;
                if (child >= _count) break;
                if (child + 1 < _count && items[child + 1] < items[child]) child++;
                if (items[child] >= item) break;
                items[at] = items[child];
                at = child;
            }

            items[at] = item;
            return true;
        }
    }
}
