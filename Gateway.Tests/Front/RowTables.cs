using Gateway.Ledger.Book.Postgres;
using Gateway.Tests.Fakes;
using Gateway.Tests.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Gateway.Tests.Front;

/// <summary>A database with the book's schema, for one fixture. The front works in it as a gateway does, the test as its owner.</summary>
internal sealed class RowTables : IAsyncDisposable
{
    private readonly NpgsqlDataSource owner;

    private RowTables(NpgsqlDataSource source, NpgsqlDataSource owner)
    {
        Source = source;
        this.owner = owner;
    }

    /// <summary>Connections with no more rights than a gateway has.</summary>
    public NpgsqlDataSource Source { get; }

    public static async Task<RowTables> CreateAsync(PostgresServer server)
    {
        var connectionString = await server.NewDatabaseAsync();
        var (source, heartbeats) = await PostgresSource.OpenAsync(connectionString, Calls.Start, NullLogger.Instance, default);
        await heartbeats.DisposeAsync();
        var tables = new RowTables(source, NpgsqlDataSource.Create(connectionString));

        // Stands in for the gateways that agree on an epoch before they open it.
        await tables.ExecuteAsync(
            """
            create function follow() returns trigger language plpgsql security definer as
              $$ begin update front_state set epoch = new.epoch; return null; end $$;
            create trigger follow after insert or update on front_opened for each row execute function follow();
            """);
        return tables;
    }

    /// <summary>Empties the tables and begins epoch 1 on the book.</summary>
    public Task ClearAsync() => ExecuteAsync(
        """
        truncate front_opened, front_account, front_key, front_member, front_hold;
        update front_state set epoch = 1, front = 'book', phase = 'open';
        """);

    public Task EpochAsync(long epoch, string front = "book", string phase = "open") =>
        ExecuteAsync($"update front_state set epoch = {epoch}, front = '{front}', phase = '{phase}'");

    public async Task<long> CountAsync(string table)
    {
        await using var command = owner.CreateCommand($"select count(*) from {table}");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        await owner.DisposeAsync();
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
