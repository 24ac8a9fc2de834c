namespace Gateway.Ledger.Book;

/// <summary>A book that sums up runs.</summary>
internal interface IRunBook
{
    /// <summary>The recorded calls of a run; no parts: it has none.</summary>
    /// <param name="query">Which run.</param>
    /// <param name="except">Calls that the caller knows itself, and that may be recorded at this moment.</param>
    /// <param name="before">Only receipts older than this one are named; <c>null</c>: all. The sums are of all calls.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    /// <returns>At most one receipt more than <see cref="Run.MaxReceipts"/>, without a cursor.</returns>
    Task<Run> ListRunAsync(RunQuery query, IReadOnlyList<ReceiptId> except, ReceiptId? before, CancellationToken cancellationToken);
}
