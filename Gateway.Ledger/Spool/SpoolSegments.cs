namespace Gateway.Ledger.Spool;

/// <summary>Counts the calls that need each segment, and says which segments nobody needs any more. Not thread safe: the spool's lock guards it.</summary>
/// <remarks>Segments go oldest first and never out of order: a call whose records are spread must not lose the later ones while the earlier stay,
/// or a replay would take a delivered call for an undelivered one.</remarks>
internal sealed class SpoolSegments(int first)
{
    private readonly List<int> pins = [0];

    /// <summary>The oldest segment that still exists.</summary>
    public int First { get; private set; } = first;

    /// <summary>The segment that is written.</summary>
    public int Current { get; private set; } = first;

    /// <summary>Begins the next segment.</summary>
    public void Roll()
    {
        Current++;
        pins.Add(0);
    }

    /// <summary>The call has a record in the current segment.</summary>
    public (int First, int Last) Pin((int First, int Last)? pinned)
    {
        var from = pinned is { } range ? range.Last + 1 : Current;
        Add(from, Current, 1);
        return (pinned?.First ?? Current, Current);
    }

    /// <summary>The call is recorded.</summary>
    public void Unpin((int First, int Last) range) => Add(range.First, range.Last, -1);

    /// <summary>The oldest segment, if nobody needs it and it is not the current one.</summary>
    public bool TryDrop(out int segment)
    {
        segment = First;
        if (First == Current || pins[0] != 0)
            return false;

        First++;
        pins.RemoveAt(0);
        return true;
    }

    private void Add(int from, int to, int by)
    {
        for (var segment = Math.Max(from, First); segment <= to; segment++)
            pins[segment - First] += by;
    }
}
