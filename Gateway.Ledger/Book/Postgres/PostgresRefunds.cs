using Dapper;
using Npgsql;

namespace Gateway.Ledger.Book.Postgres;

internal sealed partial class PostgresBook
{
    private static readonly string RefundReceipt = EmbeddedText.Read("Book/Postgres/receipt_refund.sql");

    /// <inheritdoc/>
    public async Task RefundAsync(ReceiptId id, DateTimeOffset at, CancellationToken cancellationToken)
    {
        await Months.EnsureAsync([at], cancellationToken);
        await RepeatAsync(() => TryRefundAsync(id, at, cancellationToken), cancellationToken);
    }

    private async Task<Done?> TryRefundAsync(ReceiptId id, DateTimeOffset at, CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var receipt = await connection.QueryFirstOrDefaultAsync<ChargedReceipt>(
            new CommandDefinition(RefundReceipt, new { id = id.Value }, transaction, cancellationToken: cancellationToken));
        if (receipt is null)
            return new Done(0);

        var shares = ReceiptDocument.ReadPaidBy(receipt.PaidBy);
        var buckets = await LockAsync(
            [.. shares.Select(share => (receipt.Account, share.Bucket)).Concat(HouseNames.Select(name => (receipt.Account, name))).Distinct()],
            connection,
            cancellationToken);
        Reverse(receipt, shares, buckets, id.ToString(), at);
        if (buckets.Missing.Count > 0)
        {
            await transaction.RollbackAsync(cancellationToken);
            await MakeHousesAsync(connection, buckets.Missing, cancellationToken);
            return null;
        }

        await WriteAsync(buckets, connection, cancellationToken);
        await transaction.CommitAsync(CancellationToken.None);
        return new Done(1);
    }

    // The charge's entries with the other sign, and what the house paid beside it.
    private static void Reverse(ChargedReceipt receipt, IReadOnlyList<BucketShare> shares, LockedBuckets buckets, string reference, DateTimeOffset at)
    {
        foreach (var share in shares)
        {
            if (share.Amount > Credits.Zero && buckets.Find(receipt.Account, share.Bucket) is { } bucket)
                buckets.Move(bucket, share.Amount.Nano, "refund", reference, at);
        }

        if (receipt.Cost > 0)
            buckets.Move(buckets.House(receipt.Account, BucketRow.Revenue, receipt.Currency), -receipt.Cost, "refund", reference, at);
        if (receipt.Shortfall > 0)
        {
            buckets.Move(buckets.House(receipt.Account, BucketRow.Shortfall, receipt.Currency), receipt.Shortfall, "refund", reference, at);
            buckets.Move(buckets.House(receipt.Account, BucketRow.Revenue, receipt.Currency), -receipt.Shortfall, "refund", reference, at);
        }

        buckets.Spend(receipt.KeyId, Instants.ToTime(receipt.OccurredAt), -receipt.Cost);
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

    private static async Task WriteAsync(LockedBuckets buckets, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var writes = new NpgsqlBatch(connection);
        buckets.AddTo(writes);
        if (writes.BatchCommands.Count > 0)
            await writes.ExecuteNonQueryAsync(cancellationToken);
    }

    private sealed record ChargedReceipt
    {
        public required string Account { get; init; }

        public required string KeyId { get; init; }

        public required DateTime OccurredAt { get; init; }

        public required long Cost { get; init; }

        public required long Shortfall { get; init; }

        public required string Currency { get; init; }

        public required string PaidBy { get; init; }
    }
}
