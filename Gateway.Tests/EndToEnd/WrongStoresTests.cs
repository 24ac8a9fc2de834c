using Gateway.Tests.Servers;
using Npgsql;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>A store that cannot be used stops the start with one line that names the setting and shows no password.</summary>
[TestFixture]
internal sealed class WrongStoresTests
{
    private const string Secret = "s3cret-canary";
    private static readonly string MasterKey = Convert.ToBase64String(new byte[32]);

    [TestCase("Host=127.0.0.1;Port=1;Database=gateway;Username=gateway;Password=" + Secret, "ConnectionStrings__Ledger: ")]
    [TestCase("Host=127.0.0.1;Nonsense=1;Password=" + Secret, "ConnectionStrings__Ledger: ")]
    public async Task A_book_that_cannot_be_reached_or_read(string ledger, string beginning) =>
        await RefusesAsync(beginning, ("ConnectionStrings__Ledger", ledger));

    [Test]
    public async Task A_wrong_password_a_missing_database_and_a_newer_schema()
    {
        var server = await PostgresServer.SharedAsync();
        var database = await server.NewDatabaseAsync();
        var parts = new NpgsqlConnectionStringBuilder(database);

        await RefusesAsync("ConnectionStrings__Ledger: ", ("ConnectionStrings__Ledger", new NpgsqlConnectionStringBuilder(database) { Password = Secret }.ConnectionString));
        await RefusesAsync("ConnectionStrings__Ledger: ", ("ConnectionStrings__Ledger", new NpgsqlConnectionStringBuilder(database) { Database = "nowhere" }.ConnectionString));
        await server.ExecuteAsync("create table schema_version (version bigint primary key, applied_at timestamptz not null); insert into schema_version values (999, now())", database);
        var line = await RefusesAsync("ConnectionStrings__Ledger: ", ("ConnectionStrings__Ledger", database));

        Assert.That(line, Does.Contain("schema version 999").And.Not.Contain(parts.Password));
    }

    [Test]
    public async Task A_Redis_that_evicts_that_only_reads_or_that_is_no_address()
    {
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        await using var evicting = await RedisServer.StartAsync("--maxmemory-policy", "allkeys-lru");
        await using var replica = await RedisServer.StartAsync("--maxmemory-policy", "noeviction", "--replicaof", $"127.0.0.1 {evicting.Port}");

        await RefusesAsync("ConnectionStrings__Redis: ", ("ConnectionStrings__Ledger", database), ("ConnectionStrings__Redis", evicting.ConnectionString));
        await RefusesAsync("ConnectionStrings__Redis: ", ("ConnectionStrings__Ledger", database), ("ConnectionStrings__Redis", replica.ConnectionString));
        await RefusesAsync("ConnectionStrings__Redis: ", ("ConnectionStrings__Ledger", database), ("ConnectionStrings__Redis", $"redis://user:{Secret}@host"));
    }

    private static async Task<string> RefusesAsync(string beginning, params (string Name, string Value)[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("gateway-wrong-");
        var all = settings.ToDictionary(static setting => setting.Name, static setting => setting.Value, StringComparer.Ordinal);
        all["Gateway__MasterKey"] = MasterKey;
        using var gateway = GatewayProcess.Start(folder.FullName, GatewayProcess.FreePort(), all);

        var code = await gateway.EndAsync();

        Assert.That(code, Is.EqualTo(1), gateway.Text());
        Assert.That(gateway.Errors, Has.Count.EqualTo(1), gateway.Text());
        Assert.That(gateway.Errors[0], Does.StartWith(beginning));
        Assert.That(gateway.Text(), Does.Not.Contain(Secret));
        folder.Delete(recursive: true);
        return gateway.Errors[0];
    }
}
