using System.Data.Common;
using System.Text.Json;
using Dapper;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Gateway.Tests.EndToEnd;

/// <summary>A receipt as the book has it. Amounts in nano-credits.</summary>
internal sealed record StoredReceipt
{
    public required string Id { get; init; }

    public string? RunId { get; init; }

    public required string Outcome { get; init; }

    public required string Delivery { get; init; }

    public required long Cost { get; init; }

    public required long Shortfall { get; init; }

    /// <summary>The receipt's document.</summary>
    public required byte[] Body { get; init; }

    /// <summary>What was set aside.</summary>
    public long Hold
    {
        get
        {
            using var document = JsonDocument.Parse(Body);
            return (long)(document.RootElement.GetProperty("hold").GetDecimal() * 1_000_000_000m);
        }
    }

    /// <summary>What the customer paid in the end.</summary>
    public long Net => Delivery == "refunded" ? 0 : Cost;

    public override string ToString() => $"{Id} of {RunId}: {Outcome}, {Delivery}, cost {Cost}, shortfall {Shortfall}";
}

/// <summary>A customer's bucket as the book has it. Amounts in nano-credits.</summary>
/// <param name="Kind">Pack, credit or wallet.</param>
/// <param name="PutIn">What was put in from outside.</param>
/// <param name="Posted">What it has.</param>
internal sealed record StoredBucket(string Kind, long PutIn, long Posted);

/// <summary>The book of gateways that are not running, read without their code.</summary>
/// <param name="Receipts">All of them.</param>
/// <param name="Broken">The names of the invariants that do not hold.</param>
/// <param name="Buckets">The customers' buckets.</param>
internal sealed record StoredBook(List<StoredReceipt> Receipts, List<string> Broken, List<StoredBucket> Buckets)
{
    // The invariants of reliability.md, section 1, in the words of 0001_book.sql: each returns the rows that break it.
    private static readonly (string Name, string Sql)[] Invariants =
    [
        ("I1 double entry closes", "select account, currency from entry group by account, currency having sum(amount) <> 0"),
        ("I1 each reference closes", "select reference, kind from entry group by account, currency, reference, kind having sum(amount) <> 0"),
        ("I2 balance = sum of entries", """
            select b.no from bucket b left join (select account, bucket, currency, sum(amount) s from entry group by account, bucket, currency) e
              on e.account = b.account and e.bucket = b.id and e.currency = b.currency
            where b.posted <> coalesce(e.s, 0)
            """),
        ("I3 never negative", "select no from bucket where kind in ('pack', 'credit', 'wallet') and (posted < 0 or spent < 0 or posted <> credited - spent)"),
        ("I4 a receipt once", "select id from receipt group by id having count(*) > 1"),
        ("I4 charged once", "select reference from entry where kind in ('charge', 'void', 'refund') and bucket not in ('revenue', 'shortfall') group by reference, kind, bucket having count(*) > 1"),
        ("I5 charge = entries", """
            select id from receipt r left join (
              select reference, sum(amount) s from entry where kind in ('charge', 'void', 'refund') and bucket not in ('revenue', 'shortfall') group by reference) e
              on e.reference = 'ul_' || lower(hex(r.id))
            where -coalesce(e.s, 0) <> case r.delivery when 'refunded' then 0 else r.cost end
            """),
        ("I5 no charge without a receipt", """
            select reference from entry where kind in ('charge', 'void') and reference not in (select 'ul_' || lower(hex(id)) from receipt)
            """),
        ("I6 failed never charged", "select id from receipt where outcome in ('failed', 'empty', 'rejected', 'cached') and cost <> 0"),
        ("I9 versions without gaps", "select bucket from entry group by account, bucket, currency having count(*) <> max(version) - min(version) + 1"),
        ("I10 running balance", """
            select id from (select id, previous, lag(new) over (partition by account, bucket, currency order by version) p from entry) x
            where previous <> coalesce(p, 0)
            """),
    ];

    /// <summary>Reads a PostgreSQL book.</summary>
    public static async Task<StoredBook> ReadPostgresAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        var invariants = Invariants.Select(static invariant => (
            invariant.Name, invariant.Sql.Replace("lower(hex(id))", "replace(id::text, '-', '')", StringComparison.Ordinal).Replace("lower(hex(r.id))", "replace(r.id::text, '-', '')", StringComparison.Ordinal)));
        return await ReadAsync(connection, invariants, """
            select 'ul_' || replace(id::text, '-', '') as "Id", run_id as "RunId", outcome as "Outcome", delivery as "Delivery", cost as "Cost", shortfall as "Shortfall", body as "Body"
            from receipt
            """);
    }

    /// <summary>Reads a SQLite book.</summary>
    public static async Task<StoredBook> ReadAsync(string file)
    {
        await using var connection = new SqliteConnection($"Data Source={file};Mode=ReadOnly;Pooling=False");
        return await ReadAsync(connection, Invariants, """
            select 'ul_' || lower(hex(id)) as "Id", run_id as "RunId", outcome as "Outcome", delivery as "Delivery", cost as "Cost", shortfall as "Shortfall", body as "Body"
            from receipt
            """);
    }

    private static async Task<StoredBook> ReadAsync(DbConnection connection, IEnumerable<(string Name, string Sql)> invariants, string receipts)
    {
        var broken = new List<string>();
        foreach (var (name, sql) in invariants)
        {
            var rows = (await connection.QueryAsync(sql)).Count();
            if (rows > 0)
                broken.Add($"{name}: {rows} rows");
        }

        var buckets = await connection.QueryAsync<StoredBucket>("""
            select b.kind as "Kind",
              cast(coalesce((select sum(e.amount) from entry e where e.account = b.account and e.bucket = b.id and e.currency = b.currency and e.kind in ('top_up', 'pack')), 0) as bigint) as "PutIn",
              b.posted as "Posted"
            from bucket b where b.kind in ('pack', 'credit', 'wallet')
            """);
        return new StoredBook([.. await connection.QueryAsync<StoredReceipt>(receipts)], broken, [.. buckets]);
    }
}
