namespace Gateway.Ledger.Proof;

/// <summary>What proving needs of a book. SQLite and PostgreSQL differ in how a snapshot is opened and in the SQL of its rows.</summary>
internal interface IProofBook
{
    /// <summary>One consistent state of the book, on a connection of its own; recording goes on beside it.</summary>
    Task<ProofSnapshot> OpenSnapshotAsync(CancellationToken cancellationToken);

    /// <summary>Writes a day's root, if blocks are there and the root is not; another gateway may be faster, and then nothing happens.</summary>
    /// <param name="day">A UTC day that is over.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task CloseDayAsync(DateOnly day, CancellationToken cancellationToken);
}
