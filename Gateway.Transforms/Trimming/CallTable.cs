using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Trimming;

/// <summary>Which message made the newest call of an id: some upstreams use the same ids in every turn. Storage is pooled.</summary>
/// <remarks>HashCode is seeded per process, so that nobody can choose ids that collide; equal hashes are compared byte by byte.</remarks>
internal readonly ref struct CallTable : IDisposable
{
    private readonly ReadOnlySpan<byte> _body;
    private readonly ReadOnlySpan<ToolMark> _marks;
    private readonly int[] _buckets;
    private readonly int[] _next;
    private readonly int _mask;

    /// <summary>An empty table that can hold every call of <paramref name="marks"/>.</summary>
    public CallTable(ReadOnlySpan<byte> body, ReadOnlySpan<ToolMark> marks)
    {
        _body = body;
        _marks = marks;
        var capacity = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(marks.Length, 1));
        _mask = capacity - 1;
        _buckets = ArrayPool<int>.Shared.Rent(capacity);
        _buckets.AsSpan(0, capacity).Clear();
        _next = ArrayPool<int>.Shared.Rent(capacity);
    }

    /// <summary>Adds the call that is <paramref name="mark"/>, an index of the marks; it has an id.</summary>
    public void Add(int mark)
    {
        // Marks in the chains are 1-based: 0 ends a chain.
        ref var bucket = ref _buckets[Bucket(_marks[mark].Id)];
        _next[mark] = bucket;
        bucket = mark + 1;
    }

    /// <summary>The message of the newest call with this id; -1 if there is none.</summary>
    public int Find(ByteRange id)
    {
        var text = id.Of(_body);
        for (var mark = _buckets[Bucket(id)]; mark != 0; mark = _next[mark - 1])
        {
            if (_marks[mark - 1].Id.Of(_body).SequenceEqual(text))
            {
                return _marks[mark - 1].Message;
            }
        }

        return -1;
    }

    public void Dispose()
    {
        ArrayPool<int>.Shared.Return(_buckets);
        ArrayPool<int>.Shared.Return(_next);
    }

    private int Bucket(ByteRange id)
    {
        var hash = default(HashCode);
        hash.AddBytes(id.Of(_body));
        return hash.ToHashCode() & _mask;
    }
}
