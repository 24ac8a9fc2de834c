using Dapper;
using Npgsql;

namespace Gateway.Ledger.Book.Postgres;

internal sealed partial class PostgresBook
{
    private static readonly string FindCharge = EmbeddedText.Read("Book/Postgres/receipt_charge.sql");
    private static readonly string GiveBackReceipt = EmbeddedText.Read("Book/Postgres/receipt_give_back.sql");
    private static readonly string ListPostingsOfReceipt = EmbeddedText.Read("Book/Postgres/posting_of_receipt.sql");

    /// <inheritdoc/>
    public async Task<RefundResult> RefundAsync(Refund refund, DateTimeOffset at, CancellationToken cancellationToken)
    {
        if (refund.Amount <= Credits.Zero)
            throw new ArgumentOutOfRangeException(nameof(refund), refund.Amount, "A refund gives back more than zero.");

        await Months.EnsureAsync([at], cancellationToken);
        return await RepeatAsync(() => TryRefundAsync(refund, Instants.Of(at), cancellationToken), cancellationToken);
    }

    private async Task<RefundResult?> TryRefundAsync(Refund refund, DateTime at, CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var found = await connection.QueryFirstOrDefaultAsync<ChargeRow>(new CommandDefinition(
            FindCharge, new { id = refund.ReceiptId.Value, workspace = refund.Workspace }, transaction, cancellationToken: cancellationToken));
        if (found?.ToCharge() is not { } charge)
            return new RefundResult.NotFound();

        await ExecuteAsync(LockAccount, new { account = charge.Account }, transaction, cancellationToken);
        var buckets = await LockPayersAsync(charge, connection, cancellationToken);
        if (await FindRefundedAsync(refund, charge, buckets, transaction, cancellationToken) is { } earlier)
            return earlier;
        if (charge.Refuses(refund, out var amount) is { } refused)
            return refused;

        var parts = charge.GiveBack(amount);
        if (refund.Reason == RefundReason.Requested && FindFull(charge, parts, buckets) is { } full)
            return full;

        var row = RowOf(refund, charge, parts, amount, at);
        var isUndelivered = refund.Reason == RefundReason.Undelivered;
        var reference = isUndelivered ? refund.ReceiptId.ToString() : row.Id;
        GiveBack(charge, parts, isUndelivered ? charge.Shortfall : Credits.Zero, buckets, row.Kind, reference, Instants.ToTime(at));
        if (await MakeMissingAsync(buckets, transaction, cancellationToken))
            return null;

        await WriteAsync(buckets, connection, cancellationToken);
        await ExecuteAsync(GiveBackReceipt, new { id = refund.ReceiptId.Value, amount = amount.Nano }, transaction, cancellationToken);
        await PostedAsync(row, charge.Workspace, charge.AuditOf(refund, amount, parts), transaction, cancellationToken);

        // CancellationToken.None: from here on the outcome must be known.
        await transaction.CommitAsync(CancellationToken.None);
        return Refunded(row, charge, parts.Select(static part => part.Bucket), buckets, replayed: false);
    }

    private static async Task<RefundResult?> FindRefundedAsync(
        Refund refund, RecordedCharge charge, LockedBuckets buckets, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        PostingRow? row = null;
        if (refund.IdempotencyKey is { } idempotencyKey)
        {
            row = await Of(transaction).QueryFirstOrDefaultAsync<PostingRow>(new CommandDefinition(
                FindPosting, new { account = charge.Account, idempotencyKey }, transaction, cancellationToken: cancellationToken));
            if (row is not null && !(string.Equals(row.Fingerprint, refund.Fingerprint, StringComparison.Ordinal) && row.Receipt == refund.ReceiptId.Value))
                return new RefundResult.KeyReused();
        }
        else if (refund.Reason == RefundReason.Undelivered)
        {
            var rows = await Of(transaction).QueryAsync<PostingRow>(new CommandDefinition(
                ListPostingsOfReceipt, new { receipt = refund.ReceiptId.Value }, transaction, cancellationToken: cancellationToken));
            row = rows.FirstOrDefault(static posting => string.Equals(posting.Reason, LedgerNames.Of(RefundReason.Undelivered), StringComparison.Ordinal));
        }

        return row is null
            ? null
            : Refunded(row, charge, charge.PaidBy.Select(static share => share.Bucket).Distinct(StringComparer.Ordinal), buckets, replayed: true);
    }

    private static RefundResult.OverLimit? FindFull(RecordedCharge charge, IReadOnlyList<(string Bucket, Credits Amount)> parts, LockedBuckets buckets)
    {
        foreach (var (id, amount) in parts)
        {
            var posted = new Credits(BucketOf(charge, id, buckets).Posted);
            if (amount > Credits.MaxPerBucket - posted)
                return new RefundResult.OverLimit(posted);
        }

        return null;
    }

    private static PostingRow RowOf(
        Refund refund, RecordedCharge charge, IReadOnlyList<(string Bucket, Credits Amount)> parts, Credits amount, DateTime at) => new()
        {
            Id = NewId("pst_"),
            Account = charge.Account,
            Kind = "refund",
            Bucket = parts.Count > 0 ? parts[0].Bucket : BucketRow.Shortfall,
            Amount = amount.Nano,
            Note = refund.Note,
            Actor = refund.Actor,
            IdempotencyKey = refund.IdempotencyKey,
            Fingerprint = refund.Fingerprint,
            Receipt = refund.ReceiptId.Value,
            Reason = LedgerNames.Of(refund.Reason),
            At = at,
        };

    private static RefundResult.Refunded Refunded(PostingRow row, RecordedCharge charge, IEnumerable<string> ids, LockedBuckets buckets, bool replayed) => new(
        row.Id, charge.Account, charge.KeyId, charge.MemberId, charge.Admitted, new Credits(row.Amount),
        [.. ids.Select(id => BucketOf(charge, id, buckets).ToBalance())], Instants.ToTime(row.At), replayed);

    private static async Task<IReadOnlyList<ReceiptRefund>> ListRefundsAsync(ReceiptId id, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var rows = await connection.QueryAsync<PostingRow>(
            new CommandDefinition(ListPostingsOfReceipt, new { receipt = id.Value }, cancellationToken: cancellationToken));
        return [.. rows.Select(static row => new ReceiptRefund(row.Id, new Credits(row.Amount), row.Reason ?? "", Instants.ToTime(row.At)))];
    }
}
