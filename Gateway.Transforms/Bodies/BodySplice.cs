namespace Gateway.Transforms.Bodies;

/// <summary>One edit: <paramref name="Range"/> of the input gives way to <paramref name="Replacement"/>. A range of length 0 inserts.</summary>
public readonly record struct Splice(ByteRange Range, ReadOnlyMemory<byte> Replacement);

/// <summary>The edits of one body, kept sorted. Bytes outside of them reach the output as they are. Reusable after <see cref="Clear"/>.</summary>
public sealed class BodySplice
{
    private readonly List<Splice> _splices = new(capacity: 8);

    /// <summary>Edits so far.</summary>
    public int Count => _splices.Count;

    /// <summary>Adds an edit, in any order. At one offset, insertions come first and in the order in which they were added.</summary>
    /// <exception cref="ArgumentException">The range overlaps that of an earlier edit.</exception>
    public void Add(ByteRange range, ReadOnlyMemory<byte> replacement)
    {
        var index = _splices.Count;
        while (index > 0 && StandsBefore(range, _splices[index - 1].Range))
        {
            index--;
        }

        if ((index > 0 && _splices[index - 1].Range.End > range.Offset) || (index < _splices.Count && range.End > _splices[index].Range.Offset))
        {
            throw new ArgumentException($"The edit of bytes {range.Offset} to {range.End} overlaps another edit.", nameof(range));
        }

        _splices.Insert(index, new Splice(range, replacement));
    }

    /// <summary>Inserts bytes before the byte at <paramref name="offset"/>.</summary>
    public void Insert(int offset, ReadOnlyMemory<byte> bytes) => Add(new ByteRange(offset, 0), bytes);

    /// <summary>Removes bytes.</summary>
    public void Remove(ByteRange range) => Add(range, ReadOnlyMemory<byte>.Empty);

    /// <summary>Forgets all edits.</summary>
    public void Clear() => _splices.Clear();

    /// <summary>The length of the output for an input of <paramref name="inputLength"/> bytes.</summary>
    public int OutputLength(int inputLength)
    {
        var length = inputLength;
        foreach (var splice in _splices)
        {
            length = checked(length + splice.Replacement.Length - splice.Range.Length);
        }

        return length;
    }

    /// <summary>Writes the edited input to <paramref name="output"/>, which holds at least <see cref="OutputLength"/> bytes.</summary>
    public void WriteTo(ReadOnlySpan<byte> input, Span<byte> output)
    {
        var read = 0;
        foreach (var splice in _splices)
        {
            var kept = input[read..splice.Range.Offset];
            kept.CopyTo(output);
            splice.Replacement.Span.CopyTo(output[kept.Length..]);
            output = output[(kept.Length + splice.Replacement.Length)..];
            read = splice.Range.End;
        }

        input[read..].CopyTo(output);
    }

    private static bool StandsBefore(ByteRange added, ByteRange present) =>
        added.Offset < present.Offset || (added.Offset == present.Offset && added.Length == 0 && present.Length > 0);
}
