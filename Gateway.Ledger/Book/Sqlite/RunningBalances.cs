using Dapper;
using Gateway.Ledger.Proof;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger.Book.Sqlite;

/// <summary>The buckets that one transaction touches: read once, moved in memory with an entry for each move, written once in order of row.</summary>
internal sealed class RunningBalances(SqliteConnection connection, PreparedStatement insertEntry, PreparedStatement moveBucket, SqliteBlocks block)
{
    private static readonly string BucketById = EmbeddedText.Read("Book/Sqlite/bucket_by_id.sql");
    private static readonly string InsertBucket = EmbeddedText.Read("Book/Sqlite/bucket_insert.sql");

    private readonly Dictionary<(string Account, string Bucket, string? Currency), BucketRow?> known = [];
    private readonly SortedDictionary<long, BucketRow> moved = [];
    private SqliteTransaction? transaction;

    /// <summary>Forgets the transaction before and begins with this one.</summary>
    public void Begin(SqliteTransaction current)
    {
        transaction = current;
        block.Begin(current);
        known.Clear();
        moved.Clear();
    }

    /// <summary>A customer's bucket by its id; <c>null</c>: none.</summary>
    public BucketRow? Find(string account, string bucket) => Find(account, bucket, currency: null);

    /// <summary>A house account, made at its first use.</summary>
    public BucketRow House(string account, string name, string currency, DateTimeOffset at) =>
        Find(account, name, currency)
            ?? Add(new BucketRow { Account = account, Id = name, Kind = name, Currency = currency, CreatedAt = Micros.Of(at) }, currency);

    /// <summary>Makes a customer's bucket, empty.</summary>
    public BucketRow Add(BucketRow bucket) => Add(bucket, currency: null);

    /// <summary>Uses a row that was read in this transaction.</summary>
    public void Track(BucketRow bucket) => known[(bucket.Account, bucket.Id, null)] = bucket;

    /// <summary>Appends one entry. Charges and their voids move what was spent, everything else what was credited.</summary>
    public void Move(BucketRow bucket, long amount, string kind, string reference, DateTimeOffset at)
    {
        var previous = bucket.Posted;
        bucket.Posted = checked(previous + amount);
        bucket.Version++;
        if (bucket.IsCustomers)
            Account(bucket, amount, kind);

        insertEntry.Bind(bucket.Account).Bind(bucket.Id).Bind(bucket.Currency).Bind(bucket.Version).Bind(reference).Bind(kind)
            .Bind(amount).Bind(previous).Bind(bucket.Posted).Bind(Micros.Of(at)).Bind(block.Id).Execute();
        block.Add(new EntryLine(
            bucket.Account, bucket.Id, bucket.Currency, bucket.Version, reference, kind, amount, previous, bucket.Posted, Micros.Of(at)));
        moved[bucket.No] = bucket;
    }

    /// <summary>Writes the balances, one update for each bucket that moved, and the block of what was entered.</summary>
    public void Write()
    {
        foreach (var bucket in moved.Values)
        {
            moveBucket.Bind(bucket.Credited).Bind(bucket.Spent).Bind(bucket.Posted).Bind(bucket.Version).Bind(bucket.CreditVersion)
                .Bind(bucket.No).Execute();
        }

        block.Write();
    }

    private static void Account(BucketRow bucket, long amount, string kind)
    {
        if (kind is "charge" or "void")
        {
            bucket.Spent -= amount;
            return;
        }

        bucket.Credited += amount;
        bucket.CreditVersion++;
    }

    private BucketRow? Find(string account, string bucket, string? currency)
    {
        if (!known.TryGetValue((account, bucket, currency), out var row))
        {
            row = connection.QueryFirstOrDefault<BucketRow>(BucketById, new { account, id = bucket, currency }, transaction);
            known.Add((account, bucket, currency), row);
        }

        return row;
    }

    private BucketRow Add(BucketRow bucket, string? currency)
    {
        bucket.No = connection.ExecuteScalar<long>(InsertBucket, bucket, transaction);
        known[(bucket.Account, bucket.Id, currency)] = bucket;
        return bucket;
    }
}
