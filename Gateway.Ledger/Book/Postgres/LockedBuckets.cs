using System.Runtime.InteropServices;
using Gateway.Ledger.Proof;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Ledger.Book.Postgres;

/// <summary>The buckets that one transaction has locked: read once, moved in memory with an entry for each move, written by one statement each.</summary>
internal sealed class LockedBuckets
{
    private static readonly string LockBuckets = EmbeddedText.Read("Book/Postgres/bucket_lock.sql");
    private static readonly string InsertEntries = EmbeddedText.Read("Book/Postgres/entry_insert.sql");
    private static readonly string MoveBuckets = EmbeddedText.Read("Book/Postgres/bucket_move.sql");
    private static readonly string AddKeyDays = EmbeddedText.Read("Book/Postgres/key_day_add.sql");
    private static readonly string AddMemberDays = EmbeddedText.Read("Book/Postgres/member_day_add.sql");

    private readonly Dictionary<(string Account, string Bucket), BucketRow> customers = [];
    private readonly Dictionary<(string Account, string Name, string Currency), BucketRow> houses = [];
    private readonly HashSet<BucketRow> moved = new(ReferenceEqualityComparer.Instance);
    private readonly List<EntryRow> entries = [];
    private readonly Dictionary<(string KeyId, DateOnly Day), long> keyDays = [];
    private readonly Dictionary<(string MemberId, DateOnly Day), long> memberDays = [];

    /// <summary>House accounts that were asked for and are not there: make them, then begin again.</summary>
    public HashSet<HouseAccount> Missing { get; } = [];

    /// <summary>The statement that locks and reads the buckets of these names; its rows go to <see cref="Take"/>.</summary>
    public static NpgsqlBatchCommand Lock(IReadOnlyCollection<(string Account, string Id)> wanted) => new(LockBuckets)
    {
        Parameters =
        {
            new NpgsqlParameter<string[]>("accounts", [.. wanted.Select(static bucket => bucket.Account)]),
            new NpgsqlParameter<string[]>("ids", [.. wanted.Select(static bucket => bucket.Id)]),
        },
    };

    /// <summary>Takes a row that <see cref="Lock"/> returned.</summary>
    public void Take(BucketRow row)
    {
        if (row.IsCustomers)
            customers[(row.Account, row.Id)] = row;
        else
            houses[(row.Account, row.Id, row.Currency)] = row;
    }

    /// <summary>A customer's bucket by its id; <c>null</c>: none.</summary>
    public BucketRow? Find(string account, string bucket) => customers.GetValueOrDefault((account, bucket));

    /// <summary>A house account. One that is not there is noted in <see cref="Missing"/>, and stood in for until the transaction is given up.</summary>
    public BucketRow House(string account, string name, string currency)
    {
        if (houses.TryGetValue((account, name, currency), out var row))
            return row;

        Missing.Add(new HouseAccount(account, name, currency));
        return new BucketRow { No = 0, Account = account, Id = name, Kind = name, Currency = currency, CreatedAt = DateTime.UnixEpoch };
    }

    /// <summary>Appends one entry. Charges and their voids move what was spent, everything else what was credited.</summary>
    public void Move(BucketRow bucket, long amount, string kind, string reference, DateTimeOffset at)
    {
        var previous = bucket.Posted;
        bucket.Posted = checked(previous + amount);
        bucket.Version++;
        if (bucket.IsCustomers)
            Account(bucket, amount, kind);
        entries.Add(new EntryRow(bucket, bucket.Version, reference, kind, amount, previous, Instants.Of(at)));
        moved.Add(bucket);
    }

    /// <summary>Adds to what a key and its member were charged on a day (UTC); a negative amount is a refund.</summary>
    public void Spend(string keyId, string? memberId, DateTimeOffset at, long nano)
    {
        var day = DateOnly.FromDateTime(at.UtcDateTime);
        CollectionsMarshal.GetValueRefOrAddDefault(keyDays, (keyId, day), out _) += nano;
        if (memberId is not null)
            CollectionsMarshal.GetValueRefOrAddDefault(memberDays, (memberId, day), out _) += nano;
    }

    /// <summary>Whether anything was moved.</summary>
    public bool HasEntries => entries.Count > 0;

    /// <summary>Adds the statements that write entries, balances, the totals of keys and members, and the entries to their block.</summary>
    public void AddTo(NpgsqlBatch batch, PostgresBlock block)
    {
        if (entries.Count > 0)
        {
            foreach (var entry in entries)
            {
                block.Add(new EntryLine(
                    entry.Bucket.Account, entry.Bucket.Id, entry.Bucket.Currency, entry.Version, entry.Reference, entry.Kind, entry.Amount, entry.Previous,
                    entry.Previous + entry.Amount, Instants.Micros(entry.OccurredAt)));
            }

            batch.BatchCommands.Add(Entries(block.Id));
            batch.BatchCommands.Add(Balances());
        }

        if (keyDays.Count > 0)
            batch.BatchCommands.Add(KeyDays());
        if (memberDays.Count > 0)
            batch.BatchCommands.Add(MemberDays());
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

    private NpgsqlBatchCommand Entries(long block) => new(InsertEntries)
    {
        Parameters =
        {
            Column("accounts", entries, static entry => entry.Bucket.Account),
            Column("buckets", entries, static entry => entry.Bucket.Id),
            Column("currencies", entries, static entry => entry.Bucket.Currency),
            Column("versions", entries, static entry => entry.Version),
            Column("references", entries, static entry => entry.Reference),
            Column("kinds", entries, static entry => entry.Kind),
            Column("amounts", entries, static entry => entry.Amount),
            Column("previous", entries, static entry => entry.Previous),
            Column("occurredAts", entries, static entry => entry.OccurredAt),
            new NpgsqlParameter<long>("block", block),
        },
    };

    private NpgsqlBatchCommand Balances() => new(MoveBuckets)
    {
        Parameters =
        {
            Column("nos", moved, static bucket => bucket.No),
            Column("credited", moved, static bucket => bucket.Credited),
            Column("spent", moved, static bucket => bucket.Spent),
            Column("posted", moved, static bucket => bucket.Posted),
            Column("versions", moved, static bucket => bucket.Version),
            Column("creditVersions", moved, static bucket => bucket.CreditVersion),
        },
    };

    private NpgsqlBatchCommand KeyDays() => new(AddKeyDays)
    {
        Parameters =
        {
            Column("keyIds", keyDays, static day => day.Key.KeyId),
            Column("days", keyDays, static day => day.Key.Day),
            Column("spent", keyDays, static day => day.Value),
        },
    };

    private NpgsqlBatchCommand MemberDays() => new(AddMemberDays)
    {
        Parameters =
        {
            Column("memberIds", memberDays, static day => day.Key.MemberId),
            Column("days", memberDays, static day => day.Key.Day),
            Column("spent", memberDays, static day => day.Value),
        },
    };

    /// <summary>One array parameter: a value of each row.</summary>
    internal static NpgsqlParameter Column<TRow, T>(string name, IReadOnlyCollection<TRow> rows, Func<TRow, T> value)
    {
        var column = new T[rows.Count];
        var i = 0;
        foreach (var row in rows)
            column[i++] = value(row);
        var parameter = new NpgsqlParameter<T[]>(name, column);

        // Named, not guessed from the first element: a timestamp without time zone would be read in the session's zone.
        if (typeof(T) == typeof(DateTime))
            parameter.NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz;
        return parameter;
    }

    private readonly record struct EntryRow(BucketRow Bucket, long Version, string Reference, string Kind, long Amount, long Previous, DateTime OccurredAt);
}

/// <summary>The name of a house account.</summary>
internal readonly record struct HouseAccount(string Account, string Name, string Currency);
