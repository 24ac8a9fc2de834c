using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Gateway.Transforms.Compression;

/// <summary>How often each line of a text occurs. Lines are compared byte by byte, so that no hash decides what is dropped. Work and memory are bounded.</summary>
/// <remarks>
/// The hash has no secret, for the result must be the same everywhere: whoever writes lines that collide fills a few slots, and lines that find none
/// within the probes are counted as seen once.
/// </remarks>
internal ref struct LineTable
{
    /// <summary>Most distinct lines that are counted.</summary>
    public const int MostLines = 32_768;

    private const int MostProbes = 16;

    private readonly ReadOnlySpan<byte> _text;
    private readonly bool _masksDigits;
    private readonly Entry[] _entries;
    private readonly int[] _slots;
    private readonly int _capacity;
    private readonly int _slotMask;
    private int _count;

    /// <summary>An empty table for lines of <paramref name="text"/>.</summary>
    /// <param name="text">The text that all lines are parts of.</param>
    /// <param name="masksDigits">True if lines that differ in their numbers only are the same.</param>
    public LineTable(ReadOnlySpan<byte> text, bool masksDigits)
    {
        _text = text;
        _masksDigits = masksDigits;
        _capacity = Math.Min(text.Count((byte)'\n') + 1, MostLines);
        _slotMask = (int)BitOperations.RoundUpToPowerOf2((uint)_capacity * 2) - 1;
        _entries = ArrayPool<Entry>.Shared.Rent(_capacity);
        _slots = ArrayPool<int>.Shared.Rent(_slotMask + 1);
        _slots.AsSpan(0, _slotMask + 1).Clear();
    }

    /// <summary>The number of a line, the same for equal lines, after counting it once more; -1 if the table has no room.</summary>
    public int Add(int offset, int length)
    {
        var line = _text.Slice(offset, length);
        var hash = _masksDigits ? MaskedLine.Hash(line) : Hash(line);
        var slot = (int)hash & _slotMask;
        for (var probe = 0; probe < MostProbes; probe++, slot = (slot + 1) & _slotMask)
        {
            var number = _slots[slot] - 1;
            if (number < 0) return Insert(slot, hash, offset, length);
            ref var entry = ref _entries[number];
            if (entry.Hash != hash || !IsSame(entry, line)) continue;
            entry.Count++;
            return number;
        }

        return -1;
    }

    /// <summary>Distinct lines so far: numbers are smaller.</summary>
    public readonly int Distinct => _count;

    /// <summary>How often a line was added.</summary>
    public readonly int Count(int number) => _entries[number].Count;

    public readonly void Dispose()
    {
        ArrayPool<Entry>.Shared.Return(_entries);
        ArrayPool<int>.Shared.Return(_slots);
    }

    private int Insert(int slot, ulong hash, int offset, int length)
    {
        if (_count == _capacity) return -1;
        _entries[_count] = new Entry(hash, offset, length) { Count = 1 };
        _slots[slot] = ++_count;
        return _count - 1;
    }

    private readonly bool IsSame(in Entry entry, ReadOnlySpan<byte> line)
    {
        var known = _text.Slice(entry.Offset, entry.Length);
        return _masksDigits ? MaskedLine.Same(known, line) : known.SequenceEqual(line);
    }

    private static ulong Hash(ReadOnlySpan<byte> line)
    {
        const ulong prime = 0x9E3779B97F4A7C15;
        var hash = (ulong)line.Length * prime;
        for (; line.Length >= 8; line = line[8..]) hash = Mix(hash ^ MemoryMarshal.Read<ulong>(line));
        ulong tail = 0;
        foreach (var b in line) tail = (tail << 8) | b;
        return Mix(hash ^ tail);

        static ulong Mix(ulong value)
        {
            value *= prime;
            return value ^ (value >> 32);
        }
    }

    private struct Entry(ulong hash, int offset, int length)
    {
        public readonly ulong Hash = hash;
        public readonly int Offset = offset;
        public readonly int Length = length;
        public int Count;
    }
}

/// <summary>Lines in which each run of digits counts as one digit.</summary>
internal static class MaskedLine
{
    private const byte Mask = (byte)'0';

    public static ulong Hash(ReadOnlySpan<byte> line)
    {
        var hash = 14695981039346656037;
        var inDigits = false;
        foreach (var b in line)
        {
            var isDigit = (uint)(b - '0') < 10;
            if (isDigit && inDigits) continue;
            inDigits = isDigit;
            hash = (hash ^ (isDigit ? Mask : b)) * 1099511628211;
        }

        return hash ^ (hash >> 32);
    }

    public static bool Same(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var l = 0;
        var r = 0;
        while (l < left.Length && r < right.Length)
        {
            var leftDigits = Digits(left[l..]);
            var rightDigits = Digits(right[r..]);
            if (leftDigits > 0 != rightDigits > 0 || (leftDigits == 0 && left[l] != right[r])) return false;
            l += Math.Max(leftDigits, 1);
            r += Math.Max(rightDigits, 1);
        }

        return l == left.Length && r == right.Length;
    }

    private static int Digits(ReadOnlySpan<byte> text)
    {
        var count = 0;
        while (count < text.Length && (uint)(text[count] - '0') < 10) count++;
        return count;
    }
}
