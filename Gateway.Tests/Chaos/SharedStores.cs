using Gateway.Tests.EndToEnd;
using Gateway.Tests.Servers;
using Npgsql;

namespace Gateway.Tests.Chaos;

/// <summary>PostgreSQL and Redis with an append-only file, for two gateways.</summary>
internal sealed class SharedStores : ChaosStores
{
    public static readonly string MasterKey = Convert.ToBase64String([.. Enumerable.Range(0, 32).Select(static n => (byte)n)]);

    private readonly PostgresServer postgres;
    private readonly RedisServer redis;
    private string database = "";

    private SharedStores(SlowDisk? slowDisk, PostgresServer postgres, RedisServer redis)
        : base(slowDisk)
    {
        this.postgres = postgres;
        this.redis = redis;
        ProcessFaults = [RedisKilled, RedisWiped, RedisScriptsFlushed, PostgresKilled];
    }

    public override int Gateways => 2;

    public override IReadOnlyList<Fault> ProcessFaults { get; }

    private Fault RedisKilled => new("redis killed", async (_, random) =>
    {
        await redis.KillAsync();
        await Task.Delay(Fault.Between(random, 0, 3_000));
        await redis.RestartAsync();
    });

    private Fault RedisWiped => new("redis FLUSHALL", async (_, _) => await redis.CliAsync("flushall"));

    private Fault RedisScriptsFlushed => new("redis SCRIPT FLUSH", async (_, _) => await redis.CliAsync("script", "flush"));

    private Fault PostgresKilled => new("postgres killed", async (_, random) =>
    {
        await postgres.KillAsync();
        await Task.Delay(Fault.Between(random, 0, 2_000));
        await postgres.RestartAsync();
    });

    /// <summary>Starts both servers.</summary>
    public static async Task<SharedStores> StartAsync(SlowDisk? slowDisk)
    {
        var book = await PostgresServer.StartAsync();
        return new SharedStores(slowDisk, book, await RedisServer.StartAsync("--appendfsync", "always", "--maxmemory-policy", "noeviction"));
    }

    public override async Task ClearAsync(string roundFolder)
    {
        database = await postgres.NewDatabaseAsync();
        await redis.FlushAsync();
    }

    public override void Connect(IDictionary<string, string> settings, IDictionary<string, FaultyLink> links)
    {
        var connection = new NpgsqlConnectionStringBuilder(database);
        links["postgres"] = new FaultyLink(connection.Port);
        connection.Port = links["postgres"].Port;
        links["redis"] = new FaultyLink(redis.Port);
        settings["ConnectionStrings__Ledger"] = connection.ConnectionString;
        settings["ConnectionStrings__Redis"] = $"127.0.0.1:{links["redis"].Port}";
        settings["Gateway__MasterKey"] = MasterKey;
    }

    public override IReadOnlyList<(string Name, string Value)> Settings => [("ConnectionStrings__Ledger", database), ("Gateway__MasterKey", MasterKey)];

    public override Task<StoredBook> ReadBookAsync() => StoredBook.ReadPostgresAsync(database);

    public override async ValueTask DisposeAsync()
    {
        await redis.DisposeAsync();
        await postgres.DisposeAsync();
    }
}
