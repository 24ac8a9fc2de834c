namespace Gateway.Ledger.Front.InProcess;

/// <summary>What a key or a member has spent and holds, for every kind of period, so that a budget whose period is changed is right at once.
/// Guarded by the account's lock.</summary>
internal sealed class Spending
{
    private readonly DateOnly[] starts = new DateOnly[BudgetPeriods.Count];
    private readonly long[] spent = new long[BudgetPeriods.Count];
    private readonly long[] held = new long[BudgetPeriods.Count];
    private DateOnly day;

    public Spending(DateOnly day, ReadOnlySpan<Credits> spentSoFar)
    {
        this.day = day;
        for (var i = 0; i < BudgetPeriods.Count; i++)
        {
            starts[i] = BudgetPeriods.Start((BudgetPeriod)i, day);
            spent[i] = spentSoFar[i].Nano;
        }
    }

    /// <summary>As another store kept it.</summary>
    public Spending(SpendingCounters stored)
        : this(stored.Day, [.. stored.Spent.Select(static nano => new Credits(nano))]) =>
        stored.Held.CopyTo(held, 0);

    /// <summary>The day that the counters are for.</summary>
    public DateOnly Day => day;

    public Credits Spent(BudgetPeriod period) => new(spent[(int)period]);

    public Credits Held(BudgetPeriod period) => new(held[(int)period]);

    /// <summary>All of its state: what the constructor takes.</summary>
    public SpendingCounters ToStored() => new(day, [.. spent], [.. held]);

    /// <summary>Begins new periods when the day has changed; a clock that goes back changes nothing.</summary>
    public void Roll(DateOnly today)
    {
        if (today <= day)
            return;

        day = today;
        for (var i = 0; i < BudgetPeriods.Count; i++)
        {
            var start = BudgetPeriods.Start((BudgetPeriod)i, today);
            if (start == starts[i])
                continue;
            starts[i] = start;
            spent[i] = 0;
            held[i] = 0;
        }
    }

    /// <summary>Whether what was admitted on the day counts in the running period.</summary>
    public bool Counts(BudgetPeriod period, DateOnly admitted) => admitted >= starts[(int)period];

    public void Hold(long amount)
    {
        for (var i = 0; i < BudgetPeriods.Count; i++)
            held[i] += amount;
    }

    /// <summary>Another amount for what was admitted on the day.</summary>
    public void Rehold(DateOnly admitted, long from, long to)
    {
        for (var i = 0; i < BudgetPeriods.Count; i++)
        {
            if (admitted >= starts[i])
                held[i] += to - from;
        }
    }

    /// <summary>Releases and charges in those periods that still run since the day of admission.</summary>
    public void Settle(DateOnly admitted, long amount, long cost)
    {
        for (var i = 0; i < BudgetPeriods.Count; i++)
        {
            if (admitted < starts[i])
                continue;
            held[i] -= amount;
            spent[i] += cost;
        }
    }
}

/// <summary>A <see cref="Spending"/> outside memory, by <see cref="BudgetPeriod"/>. Unit: nano-credits.</summary>
internal sealed record SpendingCounters(DateOnly Day, long[] Spent, long[] Held)
{
    /// <summary>Whether it says the same.</summary>
    public bool Equals(SpendingCounters? other) =>
        other is not null && Day == other.Day && Spent.AsSpan().SequenceEqual(other.Spent) && Held.AsSpan().SequenceEqual(other.Held);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Day, Spent[^1], Held[^1]);
}
