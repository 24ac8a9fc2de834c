using Dapper;
using Gateway.Ledger.Proof;

namespace Gateway.Ledger.Book.Sqlite;

internal sealed partial class SqliteBook : IProofBook
{
    private static readonly string InsertRoot = EmbeddedText.Read("Book/Sqlite/root_insert.sql");

    private readonly SqliteProof proof = new(file);

    /// <inheritdoc/>
    public Task<ProofSnapshot> OpenSnapshotAsync(CancellationToken cancellationToken) => proof.OpenSnapshotAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task CloseDayAsync(DateOnly day, CancellationToken cancellationToken)
    {
        // Chains only grow, and this book has one: what a snapshot says of a day that is over stays true.
        await using var snapshot = await OpenSnapshotAsync(cancellationToken);
        var roots = await snapshot.RootsAsync(cancellationToken);
        var last = roots.Count > 0 ? roots[^1] : null;
        if (string.CompareOrdinal(last?.Day, DailyRoots.Day(day)) >= 0)
            return;

        var tails = await snapshot.TailsAsync(DailyRoots.End(day), cancellationToken);
        if (tails.Count == 0)
            return;

        var root = DailyRoots.Make(day, tails, last?.Root, keys, Micros.Of(clock.GetUtcNow()));
        using var turn = await connections.EnterAsync(cancellationToken);
        await connections.Writer.ExecuteAsync(new CommandDefinition(InsertRoot, root, cancellationToken: cancellationToken));
    }
}
