namespace Gateway.Transforms.Compression;

/// <summary>Whether the sentence around a place of a line forbids, demands or warns. Asked from left to right; each sentence is read once.</summary>
internal struct ConstrainedSentence
{
    // A text without full stops is taken in pieces of this size. Unit: bytes.
    private const int Reach = 512;

    private int _end;
    private bool _holds;

    /// <summary>True if the sentence around <paramref name="at"/> has one of <see cref="ConstraintWords"/>.</summary>
    public bool Holds(ReadOnlySpan<byte> line, int at)
    {
        if (at < _end) return _holds;
        var before = line[Math.Max(0, at - Reach)..at];
        var behind = line[at..Math.Min(line.Length, at + Reach)];
        var start = at - before.Length + before.LastIndexOfAny((byte)'.', (byte)'!', (byte)'?') + 1;
        var length = behind.IndexOfAny((byte)'.', (byte)'!', (byte)'?');
        _end = at + (length < 0 ? behind.Length : length);
        _holds = ConstraintWords.Mark(line[start.._end]);
        return _holds;
    }
}
