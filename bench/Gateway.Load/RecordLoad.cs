using System.Diagnostics;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Ledger.Book.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Gateway.Load;

/// <summary>Records settlements into a PostgreSQL book, in batches of 500 and, beside it, each call in a transaction of its own with the same statements.</summary>
internal static class RecordLoad
{
    private const int BatchSize = 500;
    private static readonly Credits Cost = new(274_400);

    internal static readonly Price Price = new()
    {
        Version = 3, Currency = "CREDIT", RouteType = RouteType.Official, Base = new Rates { Input = 1_400_000, Output = 2_800_000 },
    };

    /// <summary>Makes the accounts where they are missing, then records <paramref name="settlements"/> one way and a tenth of them the other.</summary>
    public static async Task<int> RunAsync(string connectionString, int settlements, int accounts)
    {
        await using var book = new PostgresBook(connectionString, TimeProvider.System, NullLogger.Instance);
        await book.OpenAsync(default);
        await FundAsync(connectionString, accounts);

        await RecordAsync(book, Batches(5 * BatchSize, BatchSize, accounts));
        var batched = await RecordAsync(book, Batches(settlements, BatchSize, accounts));
        await RecordAsync(book, Batches(BatchSize, 1, accounts));
        var single = await RecordAsync(book, Batches(settlements / 10, 1, accounts));
        Console.WriteLine($"{accounts,7} accounts: {batched,8:F0}/s in batches of {BatchSize}, {single,8:F0}/s one transaction a call, {batched / single:F1} times");
        return 0;
    }

    // Straight into the table: a hundred thousand postings would take longer than what is measured.
    internal static async Task FundAsync(string connectionString, int accounts)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var fund = source.CreateCommand("""
            insert into bucket (account, id, kind, currency, created_at, credited, posted)
            select 'acc_' || n, case kind when 'credit' then 'bkt_' || n else kind end, kind, 'CREDIT', now(), amount, amount
            from generate_series(0, @accounts - 1) n, (values ('credit', 1000000000000000), ('revenue', 0)) k (kind, amount)
            on conflict do nothing;
            """);
        fund.Parameters.AddWithValue("accounts", accounts);
        await fund.ExecuteNonQueryAsync();
        await using var analyze = source.CreateCommand("vacuum analyze bucket");
        await analyze.ExecuteNonQueryAsync();
    }

    internal static CallFacts Facts(int account) => new()
    {
        KeyId = $"key_{account}", Workspace = "ws_default", Tags = ["chat-support"], Endpoint = "/v1/chat/completions", Dialect = "openai", Streamed = true,
        RequestedModel = "demo/echo", RoutedModel = "demo/echo", Provider = "demo", Model = "echo", RouteType = RouteType.Official,
        PrimaryChannel = "ch_0123456789", Channel = "ch_0123456789", UpstreamModel = "echo", ReportedModel = "echo", LatencyMs = 740.1, FirstTokenMs = 210.4,
        TraceId = "0af7651916cd43dd8448eb211c80319c",
    };

    private static async Task<double> RecordAsync(PostgresBook book, List<SettledCall[]> batches)
    {
        var started = Stopwatch.GetTimestamp();
        var recorded = 0;
        foreach (var batch in batches)
            recorded += await book.RecordAsync(batch, default);
        return recorded / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    // Made before the clock starts: the draft is the settlement's work, not the book's.
    private static List<SettledCall[]> Batches(int settlements, int size, int accounts) =>
        [.. Enumerable.Range(0, settlements / size).Select(_ => Enumerable.Range(0, size).Select(_ => Call(Random.Shared.Next(accounts))).ToArray())];

    private static SettledCall Call(int account)
    {
        var at = TimeProvider.System.GetUtcNow();
        var id = ReceiptId.Create(at);
        var facts = Facts(account);
        var draft = ReceiptDocument.Draft(
            facts, id, at, Outcome.Complete, new Usage(24, 0, 0, 86, 0), CountedBy.Upstream, Price, Cost, Credits.Zero, new Credits(12_000_000));
        var share = new BucketShare($"bkt_{account}", BucketKind.Credit, Cost, new Credits(1));
        return new SettledCall(id, $"acc_{account}", "ws_default", facts.KeyId, null, at, at, Outcome.Complete, Cost, Credits.Zero, [share], draft);
    }
}
