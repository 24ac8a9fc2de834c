using Microsoft.Data.Sqlite;

namespace Gateway.Load;

/// <summary>Fills the SQLite book of a stopped gateway straight into its tables: over REST, or by calls, it would take hours.</summary>
internal static class FilledBook
{
    private const int Accounts = 100;

    // A millisecond apart up to now. In a block that is there: what is in none, the gateway chains at its next start.
    private const string Receipts = """
        with recursive made (n) as (select 1 union all select n + 1 from made where n < @count)
        insert into receipt (id, account, workspace, key_id, occurred_at, settled_at, outcome, cost, shortfall, currency, delivery, paid_by, body, block)
        select receipt_id(@now - (@count - n) * 1000), 'acc_' || n % @accounts, 'ws_default', 'key_' || n % @accounts,
          @now - (@count - n) * 1000, @now - (@count - n) * 1000, 'complete', 274400, 0, 'CREDIT', 'confirmed', '[]', zeroblob(700), (select max(id) from block)
        from made
        """;

    // Copies of the rule named filled-0, each of its own name and tag.
    private const string Rules = """
        with recursive made (n) as (select 1 union all select n + 1 from made where n < @count)
        insert into resource (kind, id, workspace, lookup, body, version, created_at, updated_at)
        select kind, printf('rule_%032x', n), workspace, null, cast(replace(cast(body as text), 'filled-0', 'filled-' || n) as blob), version, created_at, updated_at
        from resource, made where instr(cast(body as text), 'filled-0') > 0
        """;

    public static int AddReceipts(string book, int count) => Run(book, Receipts, count);

    public static int AddRules(string book, int count) => Run(book, Rules, count);

    private static int Run(string book, string sql, int count)
    {
        SQLitePCL.Batteries_V2.Init();
        using var connection = new SqliteConnection($"Data Source={book};Pooling=False");
        connection.Open();
        connection.CreateFunction("receipt_id", static (long micros) => Guid.CreateVersion7(DateTimeOffset.UnixEpoch.AddMicroseconds(micros)).ToByteArray(bigEndian: true));
        using var fill = connection.CreateCommand();
        fill.CommandText = sql;
        fill.CommandTimeout = 0;
        fill.Parameters.AddWithValue("@count", count);
        fill.Parameters.AddWithValue("@accounts", Accounts);
        fill.Parameters.AddWithValue("@now", (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
        Console.WriteLine($"{fill.ExecuteNonQuery()} rows");
        return 0;
    }
}
