namespace Gateway.Ledger;

/// <summary>Which run, seen by whom.</summary>
/// <param name="RunId">The client's <c>X-Run-Id</c>.</param>
/// <param name="Workspace">The tenant; <c>null</c>: any (the operator).</param>
/// <param name="KeyId">Only calls of this key; <c>null</c>: any.</param>
public sealed record RunQuery(string RunId, string? Workspace, string? KeyId)
{
    internal bool Has(SettledCall call) =>
        string.Equals(call.RunId, RunId, StringComparison.Ordinal)
        && (Workspace is null || string.Equals(call.Workspace, Workspace, StringComparison.Ordinal))
        && (KeyId is null || string.Equals(call.KeyId, KeyId, StringComparison.Ordinal));
}

/// <summary>The calls of a run that ended in one way and were paid in one currency.</summary>
public sealed record RunPart
{
    /// <summary>How they ended, as receipts say it.</summary>
    public required string Outcome { get; init; }

    /// <summary>The currency.</summary>
    public required string Currency { get; init; }

    /// <summary>How many they are.</summary>
    public required long Calls { get; init; }

    /// <summary>What they cost, refunds taken off.</summary>
    public required Credits Cost { get; init; }

    /// <summary>How often channels were tried for them.</summary>
    public long Attempts { get; init; }

    /// <summary>How many of them were answered by another channel than the first.</summary>
    public long Fallbacks { get; init; }

    /// <summary>What they used.</summary>
    public required Usage Usage { get; init; }

    /// <summary>When the first was admitted.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When the last was settled.</summary>
    public required DateTimeOffset EndedAt { get; init; }
}

/// <summary>What the calls with one <c>X-Run-Id</c> did and cost.</summary>
/// <param name="Parts">The sums, by outcome and currency.</param>
/// <param name="Models">The models that were called, as <c>provider/model</c>; at most 100.</param>
/// <param name="Receipts">Receipts, newest first; at most <see cref="MaxReceipts"/>.</param>
/// <param name="NextCursor">Where the next receipts begin; <c>null</c>: there are no more.</param>
public sealed record Run(IReadOnlyList<RunPart> Parts, IReadOnlyList<string> Models, IReadOnlyList<ReceiptId> Receipts, string? NextCursor)
{
    /// <summary>The most receipts that one look at a run names.</summary>
    public const int MaxReceipts = 1000;

    internal const int MaxModels = 100;
}

/// <summary>Runs as their receipts tell them, those that are not in the book yet included.</summary>
public interface IRuns
{
    /// <summary>The run; <c>null</c>: no call that may be seen belongs to it.</summary>
    /// <param name="query">Which run.</param>
    /// <param name="cursor">The <see cref="Run.NextCursor"/> of the look before; <c>null</c>: the newest receipts.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    ValueTask<Run?> FindRunAsync(RunQuery query, ReceiptId? cursor, CancellationToken cancellationToken);
}
