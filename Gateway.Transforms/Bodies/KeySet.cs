using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Gateway.Transforms.Bodies;

/// <summary>The keys of all objects of one body, to find a key that stands twice in one object. Storage is pooled.</summary>
/// <remarks>The hash is seeded per process, so that nobody can choose keys that collide; equal hashes are compared byte by byte.</remarks>
internal ref struct KeySet : IDisposable
{
    private const int FirstCapacity = 64;
    private static readonly ulong Seed = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    private readonly ReadOnlySpan<byte> _body;
    private int[] _buckets;
    private Entry[] _entries;
    private byte[]? _unescaped;
    private int _unescapedLength;
    private int _capacity;

    public KeySet(ReadOnlySpan<byte> body)
    {
        _body = body;
        _capacity = FirstCapacity;
        _buckets = ArrayPool<int>.Shared.Rent(FirstCapacity);
        _buckets.AsSpan(0, FirstCapacity).Clear();
        _entries = ArrayPool<Entry>.Shared.Rent(FirstCapacity);
    }

    /// <summary>Keys added so far, over all objects.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a key that stands in the body as it is; false if the object has it.</summary>
    public bool TryAdd(int objectId, int offset, int length) => TryAdd(objectId, _body.Slice(offset, length), offset);

    /// <summary>Adds a key that is spelled with escapes; false if the object has it. <paramref name="key"/> lives until the next call.</summary>
    public bool TryAddEscaped(int objectId, ReadOnlySpan<byte> raw, out ReadOnlySpan<byte> key)
    {
        var start = _unescapedLength;
        if (_unescaped is null || _unescaped.Length - start < raw.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(start + raw.Length, 2 * start));
            if (_unescaped is not null)
            {
                _unescaped.AsSpan(0, start).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(_unescaped);
            }

            _unescaped = larger;
        }

        _unescapedLength += JsonText.Unescape(raw, _unescaped.AsSpan(start));
        key = _unescaped.AsSpan(start, _unescapedLength - start);
        return TryAdd(objectId, key, ~start);
    }

    public readonly void Dispose()
    {
        ArrayPool<int>.Shared.Return(_buckets);
        ArrayPool<Entry>.Shared.Return(_entries);
        if (_unescaped is not null)
        {
            ArrayPool<byte>.Shared.Return(_unescaped);
        }
    }

    private bool TryAdd(int objectId, scoped ReadOnlySpan<byte> key, int place)
    {
        var hash = Hash(objectId, key);
        for (var i = _buckets[hash & (uint)(_capacity - 1)]; i != 0; i = _entries[i - 1].Next)
        {
            ref readonly var entry = ref _entries[i - 1];
            if (entry.Hash == hash && entry.ObjectId == objectId && Key(entry).SequenceEqual(key))
            {
                return false;
            }
        }

        if (Count == _capacity)
        {
            Grow();
        }

        ref var bucket = ref _buckets[hash & (uint)(_capacity - 1)];
        _entries[Count] = new Entry(objectId, hash, place, key.Length, bucket);
        bucket = ++Count;
        return true;
    }

    private readonly ReadOnlySpan<byte> Key(in Entry entry) =>
        entry.Place >= 0 ? _body.Slice(entry.Place, entry.Length) : _unescaped.AsSpan(~entry.Place, entry.Length);

    private void Grow()
    {
        var capacity = _capacity * 4;
        var entries = ArrayPool<Entry>.Shared.Rent(capacity);
        _entries.AsSpan(0, Count).CopyTo(entries);
        ArrayPool<Entry>.Shared.Return(_entries);
        ArrayPool<int>.Shared.Return(_buckets);
        _entries = entries;
        _buckets = ArrayPool<int>.Shared.Rent(capacity);
        _buckets.AsSpan(0, capacity).Clear();
        _capacity = capacity;
        for (var i = 0; i < Count; i++)
        {
            ref var bucket = ref _buckets[_entries[i].Hash & (uint)(capacity - 1)];
            _entries[i] = _entries[i] with { Next = bucket };
            bucket = i + 1;
        }
    }

    private static uint Hash(int objectId, ReadOnlySpan<byte> key)
    {
        var state = Mix(Seed ^ (uint)objectId, (ulong)key.Length);
        while (key.Length >= sizeof(ulong))
        {
            state = Mix(state, BinaryPrimitives.ReadUInt64LittleEndian(key));
            key = key[sizeof(ulong)..];
        }

        ulong tail = 0;
        foreach (var letter in key)
        {
            tail = (tail << 8) | letter;
        }

        state = Mix(state, tail);
        return (uint)(state ^ (state >> 32));
    }

    // Multiply and fold, as wyhash does: https://github.com/wangyi-fudan/wyhash
    private static ulong Mix(ulong state, ulong value)
    {
        var high = Math.BigMul(state ^ value, 0x9E3779B97F4A7C15UL ^ Seed | 1, out var low);
        return high ^ low ^ Seed;
    }

    // Next is 1-based: 0 ends the chain. Place is an offset in the body, or the complement of one in the unescaped keys.
    private readonly record struct Entry(int ObjectId, uint Hash, int Place, int Length, int Next);
}
