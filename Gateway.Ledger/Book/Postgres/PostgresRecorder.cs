using System.Text;
using Dapper;
using Gateway.Ledger.Coordination;
using Gateway.Ledger.Proof;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Ledger.Book.Postgres;

internal sealed partial class PostgresBook
{
    private static readonly string EpochFence = EmbeddedText.Read("Book/Postgres/epoch_fence.sql");
    private static readonly string KnownReceipts = EmbeddedText.Read("Book/Postgres/receipt_known.sql");
    private static readonly string InsertReceipts = EmbeddedText.Read("Book/Postgres/receipt_insert.sql");
    private static readonly string InsertHouses = EmbeddedText.Read("Book/Postgres/house_insert.sql");
    private static readonly string[] HouseNames = [BucketRow.Revenue, BucketRow.Shortfall];

    /// <summary>The epoch of the front that this gateway records under: a batch of an epoch that has passed is refused, for its accounts may have been
    /// loaded without it. <c>null</c>: the only gateway.</summary>
    internal Func<long>? RecordingEpoch { get; set; }

    /// <inheritdoc/>
    /// <remarks>
    /// Two round trips and the commit, whatever the number of calls: lock the buckets and look for known receipts; write receipts, entries, balances
    /// and key totals. A commit whose answer is lost throws like any other failure: the same batch again finds its receipts.
    /// </remarks>
    public async Task<int> RecordAsync(IReadOnlyList<SettledCall> batch, CancellationToken cancellationToken)
    {
        if (batch.Count == 0)
            return 0;

        await Months.EnsureAsync(batch.Select(static call => Instants.Of(call.ReceiptId)).Concat(batch.Select(static call => call.SettledAt)), cancellationToken);
        return (await RepeatAsync(() => TryRecordAsync(batch, cancellationToken), cancellationToken)).Receipts;
    }

    // Null: what was read no longer holds, or a house account was missing and is made; nothing was written.
    private async Task<Done?> TryRecordAsync(IReadOnlyList<SettledCall> batch, CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var buckets = new LockedBuckets();
        var block = new PostgresBlock(chain, keys, clock);
        var known = await LockAsync(batch, buckets, block, connection, cancellationToken);
        var plan = RecordingPlan.Of(batch, known, buckets);
        if (await MakeMissingAsync(buckets, transaction, cancellationToken))
            return null;
        if (plan.Receipts.Count == 0)
            return new Done(0);

        await using var writes = new NpgsqlBatch(connection);
        var inserts = Receipts(plan.Receipts, block);
        writes.BatchCommands.Add(inserts);
        buckets.AddTo(writes, block);
        block.AddTo(writes);
        await writes.ExecuteNonQueryAsync(cancellationToken);

        // Fewer: another gateway recorded one of them since, and this batch's entries count it too.
        if ((int)inserts.RecordsAffected != plan.Receipts.Count)
            return null;

        // CancellationToken.None: from here on the outcome must be known.
        await transaction.CommitAsync(CancellationToken.None);
        return new Done(plan.Receipts.Count);
    }

    private async Task<HashSet<Guid>> LockAsync(
        IReadOnlyList<SettledCall> batch, LockedBuckets buckets, PostgresBlock block, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var wanted = new HashSet<(string Account, string Id)>();
        for (var i = 0; i < batch.Count; i++)
        {
            foreach (var name in HouseNames)
                wanted.Add((batch[i].Account, name));
            for (var share = 0; share < batch[i].PaidBy.Count; share++)
                wanted.Add((batch[i].Account, batch[i].PaidBy[share].Bucket));
        }

        await using var reads = new NpgsqlBatch(connection) { BatchCommands = { Fence(), LockedBuckets.Lock(wanted), Known(batch), block.Open() } };
        await using var reader = await reads.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            throw new EpochPassedException(RecordingEpoch?.Invoke() ?? 0);
        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            buckets.Take(BucketRow.Read(reader));
        await reader.NextResultAsync(cancellationToken);
        var known = new HashSet<Guid>();
        while (await reader.ReadAsync(cancellationToken))
            known.Add(reader.GetGuid(0));
        await reader.NextResultAsync(cancellationToken);
        await block.TakeAsync(reader, cancellationToken);
        return known;
    }

    private NpgsqlBatchCommand Fence() => new(EpochFence)
    {
        Parameters = { new NpgsqlParameter { Value = RecordingEpoch is { } epoch ? epoch() : DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint } },
    };

    // Made and committed alone, in order of name: an uncommitted account would be waited for by whoever needs it too.
    private async Task MakeHousesAsync(NpgsqlConnection connection, IReadOnlyCollection<HouseAccount> houses, CancellationToken cancellationToken) =>
        await connection.ExecuteAsync(new CommandDefinition(
            InsertHouses,
            new
            {
                accounts = houses.Select(static house => house.Account).ToArray(),
                names = houses.Select(static house => house.Name).ToArray(),
                currencies = houses.Select(static house => house.Currency).ToArray(),
                at = Instants.Of(clock.GetUtcNow()),
            },
            cancellationToken: cancellationToken));

    private static NpgsqlBatchCommand Known(IReadOnlyList<SettledCall> batch)
    {
        var moments = batch.Select(static call => Instants.Of(call.ReceiptId).UtcDateTime).ToArray();
        return new NpgsqlBatchCommand(KnownReceipts)
        {
            Parameters =
            {
                LockedBuckets.Column("ids", batch, static call => call.ReceiptId.Value),
                new NpgsqlParameter<DateTime>("earliest", moments.Min()),
                new NpgsqlParameter<DateTime>("latest", moments.Max()),
            },
        };
    }

    private static NpgsqlBatchCommand Receipts(IReadOnlyList<ReceiptRow> rows, PostgresBlock block)
    {
        foreach (var row in rows)
        {
            block.Add(new ReceiptLine(
                row.Call.ReceiptId, row.Call.Account, row.Call.Workspace, row.Call.KeyId, row.Call.RunId,
                Instants.Micros(Instants.Of(row.Call.ReceiptId).UtcDateTime), Instants.Micros(Instants.Of(row.Call.SettledAt)), LedgerNames.Of(row.Call.Outcome),
                row.Charged.Nano, row.Shortfall.Nano, row.Currency, row.PaidBy, row.Body));
        }

        return Receipts(rows, block.Id);
    }

    private static NpgsqlBatchCommand Receipts(IReadOnlyList<ReceiptRow> rows, long block) => new(InsertReceipts)
    {
        Parameters =
        {
            LockedBuckets.Column("ids", rows, static row => row.Call.ReceiptId.Value),
            LockedBuckets.Column("accounts", rows, static row => row.Call.Account),
            LockedBuckets.Column("workspaces", rows, static row => row.Call.Workspace),
            LockedBuckets.Column("keyIds", rows, static row => row.Call.KeyId),
            LockedBuckets.Column("memberIds", rows, static row => row.Call.MemberId),
            LockedBuckets.Column("runIds", rows, static row => row.Call.RunId),
            LockedBuckets.Column("settledAts", rows, static row => Instants.Of(row.Call.SettledAt)),
            LockedBuckets.Column("outcomes", rows, static row => LedgerNames.Of(row.Call.Outcome)),
            LockedBuckets.Column("costs", rows, static row => row.Charged.Nano),
            LockedBuckets.Column("shortfalls", rows, static row => row.Shortfall.Nano),
            LockedBuckets.Column("currencies", rows, static row => row.Currency),
            LockedBuckets.Column("deliveries", rows, static row => LedgerNames.Of(row.Call.Delivery)),
            LockedBuckets.Column("paidBys", rows, static row => Encoding.UTF8.GetString(ReceiptDocument.PaidBy(row.PaidBy))),
            LockedBuckets.Column("bodies", rows, static row => row.Body),
            new NpgsqlParameter<long>("block", block),
        },
    };
}
