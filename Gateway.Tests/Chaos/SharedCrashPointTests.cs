using Gateway.Tests.EndToEnd;
using Gateway.Tests.Servers;
using Npgsql;
using NUnit.Framework;

namespace Gateway.Tests.Chaos;

/// <summary>On PostgreSQL and Redis.</summary>
[TestFixture]
internal sealed class SharedCrashPointTests : CrashPointTests
{
    private PostgresServer postgres = null!;
    private RedisServer redis = null!;
    private NpgsqlConnectionStringBuilder template = null!;
    private string database = "";
    private int forks;

    private static IEnumerable<CrashCase> Drawn => Draw(shared: true);

    [TestCaseSource(nameof(Drawn))]
    public Task A_crash_leaves_the_row_that_is_promised(CrashCase crash) => LeavesItsRowAsync(crash);

    protected override async Task StartStoresAsync()
    {
        postgres = await PostgresServer.StartAsync();
        redis = await RedisServer.StartAsync("--appendfsync", "always", "--maxmemory-policy", "noeviction");
        database = await postgres.NewDatabaseAsync();
        template = new NpgsqlConnectionStringBuilder(database);
    }

    protected override async Task StopStoresAsync()
    {
        await redis.DisposeAsync();
        await postgres.DisposeAsync();
    }

    protected override async Task ForkAsync(string folder)
    {
        var fork = $"crash_{++forks}";
        await postgres.ExecuteAsync($"create database {fork} template {template.Database}");
        database = new NpgsqlConnectionStringBuilder(template.ConnectionString) { Database = fork }.ConnectionString;
        await redis.FlushAsync();
    }

    protected override void Connect(IDictionary<string, string> settings)
    {
        settings["ConnectionStrings__Ledger"] = database;
        settings["ConnectionStrings__Redis"] = redis.ConnectionString;
        settings["Gateway__MasterKey"] = SharedStores.MasterKey;
    }

    protected override Task<StoredBook> ReadBookAsync(string folder) => StoredBook.ReadPostgresAsync(database);
}
