using Microsoft.Data.Sqlite;

namespace Gateway.Load;

/// <summary>Fills the SQLite book of a stopped gateway with receipts, straight into its table: calls would take hours.</summary>
internal static class ManyReceipts
{
    private const int Accounts = 100;

    public static int Fill(string book, int count)
    {
        SQLitePCL.Batteries_V2.Init();
        using var connection = new SqliteConnection($"Data Source={book};Pooling=False");
        connection.Open();
        using var fill = connection.CreateCommand();

        // Ids are UUIDs of version 7, a millisecond apart up to now. In a block that is there: what is in none, the gateway chains at its next start.
        fill.CommandText = """
            with recursive made (n) as (select 1 union all select n + 1 from made where n < @count)
            insert into receipt (id, account, workspace, key_id, occurred_at, settled_at, outcome, cost, shortfall, currency, delivery, paid_by, body, block)
            select unhex(printf('%012x7%03x8%015x', @now / 1000 - @count + n, n % 4096, n)), 'acc_' || n % @accounts, 'ws_default', 'key_' || n % @accounts,
              @now - (@count - n) * 1000, @now - (@count - n) * 1000, 'complete', 274400, 0, 'CREDIT', 'confirmed', '[]', zeroblob(700), (select max(id) from block)
            from made
            """;
        fill.Parameters.AddWithValue("@count", count);
        fill.Parameters.AddWithValue("@accounts", Accounts);
        fill.Parameters.AddWithValue("@now", (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
        fill.CommandTimeout = 0;
        Console.WriteLine($"{fill.ExecuteNonQuery()} receipts");
        return 0;
    }
}
