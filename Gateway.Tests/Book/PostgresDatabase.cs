using Gateway.Ledger.Book.Postgres;
using Gateway.Tests.Servers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Gateway.Tests.Book;

/// <summary>A book in a database of its own on the shared server.</summary>
internal sealed class PostgresDatabase : IAsyncDisposable
{
    private readonly TimeProvider time;

    private PostgresDatabase(string connectionString, TimeProvider? time)
    {
        this.time = time ?? TimeProvider.System;
        ConnectionString = connectionString;
        Book = new PostgresBook(connectionString, this.time, NullLogger.Instance);
    }

    public string ConnectionString { get; }

    public PostgresBook Book { get; }

    /// <param name="server">Another server than the shared one.</param>
    /// <param name="time">Another clock than the system's.</param>
    public static async Task<PostgresDatabase> OpenAsync(PostgresServer? server = null, TimeProvider? time = null)
    {
        var database = new PostgresDatabase(await (server ?? await PostgresServer.SharedAsync()).NewDatabaseAsync(), time);
        await database.Book.OpenAsync(default);
        return database;
    }

    /// <summary>Another gateway's view of the same book, with the same clock, not opened.</summary>
    public PostgresBook NewBook(ILogger? logger = null) => new(ConnectionString, time, logger ?? NullLogger.Instance);

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
