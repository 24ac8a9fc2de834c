using Gateway.Ledger.Book.Postgres;
using Gateway.Tests.Servers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Gateway.Tests.Book;

/// <summary>A book in a database of its own on the shared server.</summary>
internal sealed class PostgresDatabase : IAsyncDisposable
{
    private PostgresDatabase(string connectionString)
    {
        ConnectionString = connectionString;
        Book = NewBook();
    }

    public string ConnectionString { get; }

    public PostgresBook Book { get; }

    /// <param name="server">Another server than the shared one.</param>
    public static async Task<PostgresDatabase> OpenAsync(PostgresServer? server = null)
    {
        var database = new PostgresDatabase(await (server ?? await PostgresServer.SharedAsync()).NewDatabaseAsync());
        await database.Book.OpenAsync(default);
        return database;
    }

    /// <summary>Another gateway's view of the same book, not opened.</summary>
    public PostgresBook NewBook(ILogger? logger = null) => new(ConnectionString, TimeProvider.System, logger ?? NullLogger.Instance);

    /// <summary>Runs a statement as the superuser; returns the first column of the first row, zero where there is none.</summary>
    public async Task<long> ScalarAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync() is { } value and not DBNull ? Convert.ToInt64(value) : 0;
    }

    public ValueTask DisposeAsync() => Book.DisposeAsync();
}
