using Gateway.Ledger.Proof;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger.Book.Sqlite;

/// <summary>Opens snapshots of a SQLite book that may be in use: a reader never waits for the writer (WAL), and sees the state at its first read.</summary>
internal sealed class SqliteProof(string file) : IProofBook
{
    private const string Folder = "Book/Sqlite/Proof/";

    /// <inheritdoc/>
    public async Task<ProofSnapshot> OpenSnapshotAsync(CancellationToken cancellationToken)
    {
        SqliteLibrary.Start();
        if (!File.Exists(file))
            throw new FileNotFoundException($"There is no book at {file}.", file);

        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false, DefaultTimeout = 30 }.ToString());
        try
        {
            await connection.OpenAsync(cancellationToken);
            return new ProofSnapshot(connection, connection.BeginTransaction(deferred: true), Folder);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Not here: what only reads closes no day.</summary>
    public Task CloseDayAsync(DateOnly day, CancellationToken cancellationToken) => Task.CompletedTask;
}
