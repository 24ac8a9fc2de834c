using Gateway.Ledger;
using Gateway.Tests.Servers;
using Npgsql;

namespace Gateway.Tests.Front;

/// <summary>A database with the front's tables, for one fixture.</summary>
internal sealed class RowTables : IAsyncDisposable
{
    private RowTables(string connectionString) => Source = NpgsqlDataSource.Create(connectionString);

    public NpgsqlDataSource Source { get; }

    public static async Task<RowTables> CreateAsync(PostgresServer server)
    {
        var settings = new NpgsqlConnectionStringBuilder(await server.NewDatabaseAsync()) { MaxAutoPrepare = 50, AutoPrepareMinUsages = 2 };
        var tables = new RowTables(settings.ConnectionString);
        foreach (var migration in EmbeddedText.List("Book/Postgres/Migrations/"))
            await tables.ExecuteAsync(EmbeddedText.Read(migration));

        // Stands in for the gateways that agree on an epoch before they open it.
        await tables.ExecuteAsync(
            """
            create function follow() returns trigger language plpgsql as $$ begin update front_state set epoch = new.epoch; return null; end $$;
            create trigger follow after insert or update on front_opened for each row execute function follow();
            """);
        return tables;
    }

    /// <summary>Empties the tables and begins epoch 1 on the book.</summary>
    public void Clear()
    {
        using var command = Source.CreateCommand(
            "truncate front_opened, front_account, front_key, front_member, front_hold; update front_state set epoch = 1, front = 'book', phase = 'open'");
        command.ExecuteNonQuery();
    }

    public Task EpochAsync(long epoch, string front = "book", string phase = "open") =>
        ExecuteAsync($"update front_state set epoch = {epoch}, front = '{front}', phase = '{phase}'");

    public async Task<long> CountAsync(string from)
    {
        await using var command = Source.CreateCommand($"select count(*) from {from}");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public ValueTask DisposeAsync() => Source.DisposeAsync();
}
