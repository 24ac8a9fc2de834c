using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger.Book.Sqlite;

/// <summary>The file's connections: one writer, and a few readers that see the last commit and never wait for the writer (WAL).</summary>
internal sealed class SqliteConnections(string file, Durability durability) : IAsyncDisposable
{
    // SQLite work is synchronous: more readers than this would only take threads from the pool.
    private const int MaxReaders = 4;

    // As the busy_timeout below: the driver itself tries again for 30 s, longer than anyone who waits for the book does.
    private const int BusySeconds = 5;

    private readonly SemaphoreSlim writing = new(1, 1);
    private readonly SemaphoreSlim reading = new(MaxReaders, MaxReaders);
    private readonly ConcurrentBag<SqliteConnection> idle = [];
    private SqliteConnection? writer;

    /// <summary>The connection that writes; used only under <see cref="EnterAsync"/>.</summary>
    public SqliteConnection Writer => writer ?? throw new InvalidOperationException("The book is not open.");

    /// <summary>Makes folder and file where they are missing, readable by their owner alone, and opens the writer.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        SqliteLibrary.Start();
        Create();
        writer = new SqliteConnection(Source(SqliteOpenMode.ReadWrite));
        await writer.OpenAsync(cancellationToken);

        // FULL syncs the log at each commit; NORMAL leaves that to checkpoints and loses the last commits in a power cut, not in a crash.
        // A checkpoint at 8,000 pages (32 MB) instead of 1,000: a batch writes some 400 pages.
        var synchronous = durability == Durability.Power ? "full" : "normal";
        await ExecuteAsync(writer, $"""
            pragma journal_mode = wal;
            pragma synchronous = {synchronous};
            pragma busy_timeout = 5000;
            pragma foreign_keys = on;
            pragma cache_size = -65536;
            pragma wal_autocheckpoint = 8000;
            """, cancellationToken);
    }

    /// <summary>Waits for the turn to write; disposing ends it.</summary>
    public async Task<Turn> EnterAsync(CancellationToken cancellationToken)
    {
        await writing.WaitAsync(cancellationToken);
        return new Turn(writing);
    }

    /// <summary>Runs a query on a reader.</summary>
    public async Task<T> ReadAsync<T>(Func<SqliteConnection, Task<T>> query, CancellationToken cancellationToken)
    {
        await reading.WaitAsync(cancellationToken);
        try
        {
            if (!idle.TryTake(out var connection))
            {
                connection = new SqliteConnection(Source(SqliteOpenMode.ReadOnly));
                await connection.OpenAsync(cancellationToken);
                await ExecuteAsync(connection, "pragma busy_timeout = 5000;", cancellationToken);
            }

            var result = await query(connection);
            idle.Add(connection);
            return result;
        }
        finally
        {
            reading.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (idle.TryTake(out var connection))
            await connection.DisposeAsync();
        if (writer is not null)
            await writer.DisposeAsync();
        writing.Dispose();
        reading.Dispose();
    }

    private void Create()
    {
        if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder)
            Directory.CreateDirectory(folder);
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var created = new FileStream(file, options);
    }

    private string Source(SqliteOpenMode mode) =>
        new SqliteConnectionStringBuilder { DataSource = file, Mode = mode, Pooling = false, DefaultTimeout = BusySeconds }.ToString();

    private static async Task ExecuteAsync(SqliteConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The turn to write.</summary>
    internal readonly struct Turn(SemaphoreSlim writing) : IDisposable
    {
        public void Dispose() => writing.Release();
    }
}
