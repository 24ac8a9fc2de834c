namespace Gateway.Ledger.Front.InProcess;

/// <summary>What the front remembers of one key: rate clocks, calls in flight, and spent and held for every kind of period,
/// so that a budget whose period is changed is right at once. Guarded by the account's lock.</summary>
internal sealed class KeyState
{
    private readonly DateOnly[] starts = new DateOnly[BudgetPeriods.Count];
    private readonly long[] spent = new long[BudgetPeriods.Count];
    private readonly long[] held = new long[BudgetPeriods.Count];
    private DateOnly day;

    public KeyState(DateOnly day, ReadOnlySpan<Credits> spentSoFar)
    {
        this.day = day;
        for (var i = 0; i < BudgetPeriods.Count; i++)
        {
            starts[i] = BudgetPeriods.Start((BudgetPeriod)i, day);
            spent[i] = spentSoFar[i].Nano;
        }
    }

    /// <summary>As another store kept it.</summary>
    public KeyState(KeyCounters stored)
        : this(stored.Day, [.. stored.Spent.Select(static nano => new Credits(nano))])
    {
        stored.Held.CopyTo(held, 0);
        Open = stored.Open;
        RequestClock = stored.RequestClock;
        TokenClock = stored.TokenClock;
    }

    /// <summary>The day that the counters are for.</summary>
    public DateOnly Day => day;

    /// <summary>Calls in flight.</summary>
    public int Open { get; set; }

    /// <summary>The clock of the request rate.</summary>
    public long RequestClock { get; set; }

    /// <summary>The clock of the token rate.</summary>
    public long TokenClock { get; set; }

    public Credits Spent(BudgetPeriod period) => new(spent[(int)period]);

    public Credits Held(BudgetPeriod period) => new(held[(int)period]);

    /// <summary>All of its state: what the constructor takes.</summary>
    public KeyCounters ToStored() => new(day, Open, RequestClock, TokenClock, [.. spent], [.. held]);

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

    public void Hold(long amount)
    {
        for (var i = 0; i < BudgetPeriods.Count; i++)
            held[i] += amount;
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

/// <summary>A <see cref="KeyState"/> outside memory; spent and held by <see cref="BudgetPeriod"/>, in nano-credits.</summary>
internal sealed record KeyCounters(DateOnly Day, int Open, long RequestClock, long TokenClock, long[] Spent, long[] Held);
