using Npgsql;
using NUnit.Framework;

namespace Gateway.Tests.Servers;

internal sealed class PostgresServerTests
{
    [Test]
    public async Task A_killed_server_comes_back_with_what_was_committed()
    {
        await using var server = await PostgresServer.StartAsync();
        var database = await server.NewDatabaseAsync();
        await server.ExecuteAsync("create table kept as select 7 as value", database);

        await server.KillAsync();
        Assert.That(() => server.ExecuteAsync("select 1", database), Throws.InstanceOf<NpgsqlException>());
        await server.RestartAsync();

        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand("select value from kept");
        Assert.That(await command.ExecuteScalarAsync(), Is.EqualTo(7));
    }
}
