namespace Gateway.Ledger.Front.InProcess;

/// <summary>What the front remembers of one key: rate clocks, calls in flight, and what it has spent. Guarded by the account's lock.</summary>
internal sealed class KeyState(Spending spending)
{
    /// <summary>What budgets are judged by.</summary>
    public Spending Spending { get; } = spending;

    /// <summary>Calls in flight.</summary>
    public int Open { get; set; }

    /// <summary>The clock of the request rate.</summary>
    public long RequestClock { get; set; }

    /// <summary>The clock of the token rate.</summary>
    public long TokenClock { get; set; }
}
