using System.Diagnostics;
using Dapper;
using Npgsql;

namespace Gateway.Ledger.Book.Postgres;

internal sealed partial class PostgresBook
{
    private static readonly string VoidReceipt = EmbeddedText.Read("Book/Postgres/receipt_void.sql");

    /// <inheritdoc/>
    public async Task VoidAsync(ReceiptId id, DateTimeOffset at, CancellationToken cancellationToken)
    {
        await Months.EnsureAsync([at], cancellationToken);
        await RepeatAsync(() => TryVoidAsync(id, at, cancellationToken), cancellationToken);
    }

    private async Task<Done?> TryVoidAsync(ReceiptId id, DateTimeOffset at, CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var row = await connection.QueryFirstOrDefaultAsync<ChargeRow>(
            new CommandDefinition(VoidReceipt, new { id = id.Value }, transaction, cancellationToken: cancellationToken));
        if (row?.ToCharge() is not { } charge)
            return new Done(0);

        var buckets = await LockPayersAsync(charge, connection, cancellationToken);
        GiveBack(charge, [.. charge.PaidBy.Select(static share => (share.Bucket, share.Amount))], charge.Shortfall, buckets, "void", id.ToString(), at);
        if (await MakeMissingAsync(buckets, transaction, cancellationToken))
            return null;

        await WriteAsync(buckets, connection, cancellationToken);
        await transaction.CommitAsync(CancellationToken.None);
        return new Done(1);
    }

    // Moves the parts back into their buckets and what the house paid back to it, and takes them out of the day's totals.
    private static void GiveBack(
        RecordedCharge charge, IReadOnlyList<(string Bucket, Credits Amount)> parts, Credits shortfall, LockedBuckets buckets, string kind, string reference,
        DateTimeOffset at)
    {
        var amount = Credits.Zero;
        foreach (var part in parts)
        {
            if (part.Amount <= Credits.Zero)
                continue;
            buckets.Move(BucketOf(charge, part.Bucket, buckets), part.Amount.Nano, kind, reference, at);
            amount += part.Amount;
        }

        if (amount > Credits.Zero)
            buckets.Move(buckets.House(charge.Account, BucketRow.Revenue, charge.Currency), -amount.Nano, kind, reference, at);
        if (shortfall > Credits.Zero)
        {
            buckets.Move(buckets.House(charge.Account, BucketRow.Shortfall, charge.Currency), shortfall.Nano, kind, reference, at);
            buckets.Move(buckets.House(charge.Account, BucketRow.Revenue, charge.Currency), -shortfall.Nano, kind, reference, at);
        }

        buckets.Spend(charge.KeyId, charge.MemberId, charge.OccurredAt, -amount.Nano);
    }

    private static BucketRow BucketOf(RecordedCharge charge, string id, LockedBuckets buckets) =>
        buckets.Find(charge.Account, id) ?? throw new UnreachableException($"{charge.Account} was charged in {id}, which is not there.");

    private static Task<LockedBuckets> LockPayersAsync(RecordedCharge charge, NpgsqlConnection connection, CancellationToken cancellationToken) =>
        LockAsync([.. charge.PaidBy.Select(static share => share.Bucket).Concat(HouseNames).Distinct(StringComparer.Ordinal).Select(id => (charge.Account, id))],
            connection, cancellationToken);

    // Whether house accounts were missing: then they are made, and the transaction, which is rolled back, has to begin again.
    private async Task<bool> MakeMissingAsync(LockedBuckets buckets, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        if (buckets.Missing.Count == 0)
            return false;

        var connection = Of(transaction);
        await transaction.RollbackAsync(cancellationToken);
        await MakeHousesAsync(connection, buckets.Missing, cancellationToken);
        return true;
    }

    private static async Task<LockedBuckets> LockAsync(
        IReadOnlyCollection<(string Account, string Id)> wanted, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var buckets = new LockedBuckets();
        await using var reads = new NpgsqlBatch(connection) { BatchCommands = { LockedBuckets.Lock(wanted) } };
        await using var reader = await reads.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            buckets.Take(BucketRow.Read(reader));
        return buckets;
    }

    // The chain is locked after the buckets, as in a recording.
    private async Task WriteAsync(LockedBuckets buckets, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var block = new PostgresBlock(chain, keys, clock);
        if (buckets.HasEntries)
        {
            await using var opens = new NpgsqlBatch(connection) { BatchCommands = { block.Open() } };
            await using var reader = await opens.ExecuteReaderAsync(cancellationToken);
            await block.TakeAsync(reader, cancellationToken);
        }

        await using var writes = new NpgsqlBatch(connection);
        buckets.AddTo(writes, block);
        block.AddTo(writes);
        if (writes.BatchCommands.Count > 0)
            await writes.ExecuteNonQueryAsync(cancellationToken);
    }
}
