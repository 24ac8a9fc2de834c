using System.Diagnostics;
using System.Globalization;
using Gateway.Ledger;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Gateway.Load;

/// <summary>Drives one gateway's ledger (Redis front, spool, PostgreSQL book) without HTTP: hold, settle, deliver, at a fixed rate over accounts of one key each.</summary>
internal sealed class LedgerLoad : IAsyncDisposable
{
    private const int LoadedAtOnce = 16;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(5);
    private static readonly Credits MostCost = new(12_000_000);

    private readonly string postgres;
    private readonly DirectoryInfo folder;
    private readonly LedgerStorage storage;
    private readonly int accounts;
    private readonly List<double> holds = [];
    private readonly List<double> settles = [];
    private readonly Lock gate = new();
    private int refused;

    private LedgerLoad(string postgres, DirectoryInfo folder, LedgerStorage storage, int accounts)
    {
        this.postgres = postgres;
        this.folder = folder;
        this.storage = storage;
        this.accounts = accounts;
    }

    /// <summary>Opens the ledger, makes the accounts where they are missing, and brings every account and key into the front.</summary>
    public static async Task<LedgerLoad> OpenAsync(string redis, string postgres, int accounts)
    {
        var made = Directory.CreateTempSubdirectory("gateway-load-");
        using var logging = LoggerFactory.Create(static log => log.AddConsole().SetMinimumLevel(LogLevel.Error));
        var options = new LedgerOptions
        {
            BookFile = "", BookConnection = postgres, RedisConnection = redis, SpoolFolder = made.CreateSubdirectory("spool").FullName,
        };
        var opened = await LedgerStorage.OpenAsync(options, TimeProvider.System, logging, default);
        await RecordLoad.FundAsync(postgres, accounts);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = LoadedAtOnce };
        await Parallel.ForAsync(0, accounts, parallel, async (account, token) =>
        {
            await opened.Ledger.BalanceAsync($"acc_{account}", token);
            await opened.Ledger.BudgetAsync($"acc_{account}", Key(account), token);
        });
        return new LedgerLoad(postgres, made, opened, accounts);
    }

    /// <summary>Calls at a rate for so long; those of a moment start together, as calls do that come over many connections.</summary>
    public async Task RunAsync(double rate, double seconds)
    {
        lock (gate)
        {
            holds.Clear();
            settles.Clear();
        }

        var started = Stopwatch.GetTimestamp();
        var calls = new List<Task>();
        var sent = 0;
        while (Stopwatch.GetElapsedTime(started).TotalSeconds is var elapsed && elapsed < seconds)
        {
            for (var due = (int)(elapsed * rate); sent < due; sent++)
                calls.Add(CallAsync(Random.Shared.Next(accounts)));
            calls.RemoveAll(static call => call.IsCompletedSuccessfully);
            await Task.Delay(Tick);
        }

        await Task.WhenAll(calls);
        while (storage.Ledger.Health.Unrecorded > 0)
            await Task.Delay(Tick);
    }

    /// <summary>One line: how long holds and settlements took, in milliseconds.</summary>
    public string Times()
    {
        lock (gate)
            return $"{holds.Count} calls, {refused} refused; hold {Middle(holds)}, settle {Middle(settles)}";
    }

    /// <summary>One line: from settlement to commit, by the book's own record of its commits (<c>track_commit_timestamp</c>), of what was settled since.</summary>
    public async Task<string> LagAsync(DateTimeOffset since)
    {
        await using var source = NpgsqlDataSource.Create(postgres);
        await using var command = source.CreateCommand("""
            select count(*), percentile_cont(array[0.5, 0.99, 1]) within group (order by 1000 * extract(epoch from pg_xact_commit_timestamp(xmin) - settled_at))
            from receipt where settled_at >= @since and occurred_at >= @since
            """);
        command.Parameters.AddWithValue("since", since.UtcDateTime);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        var lag = reader.GetFieldValue<double[]>(1);
        return $"{reader.GetInt64(0)} receipts; settlement to commit: p50 {lag[0]:F1} ms, p99 {lag[1]:F1} ms, most {lag[2]:F1} ms";
    }

    public async ValueTask DisposeAsync()
    {
        await storage.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private static string Middle(List<double> times)
    {
        var sorted = times.Order().ToArray();
        return string.Create(CultureInfo.InvariantCulture, $"p50 {sorted[sorted.Length / 2]:F2} ms p99 {sorted[(int)(sorted.Length * 0.99)]:F2} ms");
    }

    private static KeyLimits Key(int account) => new()
    {
        KeyId = $"key_{account}", Burst = 1_000_000, RefillPerSecond = 1_000_000, Budget = new Budget(new Credits(1_000_000_000_000_000), BudgetPeriod.Month),
    };

    private async Task CallAsync(int account)
    {
        var ledger = storage.Ledger;
        var asked = Stopwatch.GetTimestamp();
        var request = new HoldRequest
        {
            ReceiptId = ReceiptId.Create(TimeProvider.System.GetUtcNow()), Account = $"acc_{account}", Key = Key(account), Price = RecordLoad.Price,
            Amount = MostCost, MinimumAmount = MostCost, Tokens = 4200, Facts = RecordLoad.Facts(account),
        };
        if (await ledger.HoldAsync(request, default) is not HoldResult.Held { Hold: var hold })
        {
            Interlocked.Increment(ref refused);
            return;
        }

        var held = Stopwatch.GetTimestamp();
        await ledger.SettleAsync(hold, new Settlement(Outcome.Complete, new Usage(24, 0, 0, 86, 0), CountedBy.Upstream), default);
        var settled = Stopwatch.GetTimestamp();
        ledger.Finish(hold, Delivery.Confirmed);
        lock (gate)
        {
            holds.Add(Stopwatch.GetElapsedTime(asked, held).TotalMilliseconds);
            settles.Add(Stopwatch.GetElapsedTime(held, settled).TotalMilliseconds);
        }
    }
}
