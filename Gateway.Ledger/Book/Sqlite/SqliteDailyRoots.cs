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
    public Task CloseDayAsync(DateOnly day, CancellationToken cancellationToken) => DailyRoots.CloseAsync(
        this,
        day,
        keys,
        Micros.Of(clock.GetUtcNow()),
        async root =>
        {
            using var turn = await connections.EnterAsync(cancellationToken);
            await connections.Writer.ExecuteAsync(new CommandDefinition(InsertRoot, root, cancellationToken: cancellationToken));
        },
        cancellationToken);
}
