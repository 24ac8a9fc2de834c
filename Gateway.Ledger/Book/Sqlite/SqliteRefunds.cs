using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger.Book.Sqlite;

internal sealed partial class SqliteBook
{
    private const string Gateway = "gateway";

    private static readonly string FindCharge = EmbeddedText.Read("Book/Sqlite/receipt_charge.sql");
    private static readonly string GiveBackReceipt = EmbeddedText.Read("Book/Sqlite/receipt_give_back.sql");
    private static readonly string ListPostingsOfReceipt = EmbeddedText.Read("Book/Sqlite/posting_of_receipt.sql");
    private static readonly string ListExpired = EmbeddedText.Read("Book/Sqlite/bucket_expired.sql");

    /// <inheritdoc/>
    public async Task<RefundResult> RefundAsync(Refund refund, DateTimeOffset at, CancellationToken cancellationToken)
    {
        if (refund.Amount <= Credits.Zero)
            throw new ArgumentOutOfRangeException(nameof(refund), refund.Amount, "A refund gives back more than zero.");

        using var turn = await connections.EnterAsync(cancellationToken);
        await using var transaction = connections.Writer.BeginTransaction(deferred: false);
        Recorder.Begin(transaction);
        var receipt = SqliteRecorder.Key(refund.ReceiptId);
        var found = await connections.Writer.QueryFirstOrDefaultAsync<ChargeRow>(new CommandDefinition(
            FindCharge, new { id = receipt, workspace = refund.Workspace }, transaction, cancellationToken: cancellationToken));
        if (found?.ToCharge() is not { } charge)
            return new RefundResult.NotFound();
        if (await FindRefundedAsync(refund, charge, receipt, transaction, cancellationToken) is { } earlier)
            return earlier;
        if (charge.Refuses(refund, out var amount) is { } refused)
            return refused;

        var parts = charge.GiveBack(amount);
        if (refund.Reason == RefundReason.Requested && FindFull(charge, parts) is { } full)
            return full;

        var row = RowOf(refund, charge, parts, receipt, amount, at);
        var isUndelivered = refund.Reason == RefundReason.Undelivered;
        Recorder.GiveBack(
            charge, parts, isUndelivered ? charge.Shortfall : Credits.Zero, row.Kind, isUndelivered ? refund.ReceiptId.ToString() : row.Id, at);
        await connections.Writer.ExecuteAsync(new CommandDefinition(
            GiveBackReceipt, new { id = receipt, amount = amount.Nano }, transaction, cancellationToken: cancellationToken));
        await PostedAsync(row, charge.Workspace, charge.AuditOf(refund, amount, parts), transaction, cancellationToken);

        // CancellationToken.None: from here on the outcome must be known.
        await transaction.CommitAsync(CancellationToken.None);
        return Refunded(row, charge, parts.Select(static part => part.Bucket), replayed: false);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<(string Account, BucketBalance Bucket)>> ExpireAsync(
        DateTimeOffset expiredBefore, int limit, DateTimeOffset at, CancellationToken cancellationToken)
    {
        using var turn = await connections.EnterAsync(cancellationToken);
        await using var transaction = connections.Writer.BeginTransaction(deferred: false);
        Recorder.Begin(transaction);
        var packs = (await connections.Writer.QueryAsync<BucketRow>(new CommandDefinition(
            ListExpired, new { expiredBefore = Micros.Of(expiredBefore), limit }, transaction, cancellationToken: cancellationToken))).AsList();
        foreach (var pack in packs)
        {
            Recorder.Balances.Track(pack);
            var row = new PostingRow
            {
                Id = NewId("pst_"), Account = pack.Account, Kind = "expiry", Bucket = pack.Id, Amount = -pack.Posted, Actor = Gateway, At = Micros.Of(at),
            };
            Transfer(pack, row, BucketRow.Expired, at);
            await PostedAsync(row, LedgerNames.WorkspaceOf(pack.Account), AuditOfExpiry(pack, row), transaction, cancellationToken);
        }

        Recorder.Balances.Write();
        await transaction.CommitAsync(CancellationToken.None);
        return [.. packs.Select(static pack => (pack.Account, pack.ToBalance()))];
    }

    private async Task<RefundResult?> FindRefundedAsync(
        Refund refund, RecordedCharge charge, byte[] receipt, SqliteTransaction transaction, CancellationToken cancellationToken)
    {
        PostingRow? row = null;
        if (refund.IdempotencyKey is { } idempotencyKey)
        {
            row = await connections.Writer.QueryFirstOrDefaultAsync<PostingRow>(new CommandDefinition(
                FindPosting, new { account = charge.Account, idempotencyKey }, transaction, cancellationToken: cancellationToken));
            if (row is not null && !(string.Equals(row.Fingerprint, refund.Fingerprint, StringComparison.Ordinal) && row.Receipt.AsSpan().SequenceEqual(receipt)))
                return new RefundResult.KeyReused();
        }
        else if (refund.Reason == RefundReason.Undelivered)
        {
            var rows = await connections.Writer.QueryAsync<PostingRow>(new CommandDefinition(
                ListPostingsOfReceipt, new { receipt }, transaction, cancellationToken: cancellationToken));
            row = rows.FirstOrDefault(static posting => string.Equals(posting.Reason, LedgerNames.Of(RefundReason.Undelivered), StringComparison.Ordinal));
        }

        return row is null ? null : Refunded(row, charge, charge.PaidBy.Select(static share => share.Bucket).Distinct(StringComparer.Ordinal), replayed: true);
    }

    private RefundResult.OverLimit? FindFull(RecordedCharge charge, IReadOnlyList<(string Bucket, Credits Amount)> parts)
    {
        foreach (var (id, amount) in parts)
        {
            var posted = new Credits(BucketOf(charge, id).Posted);
            if (amount > Credits.MaxPerBucket - posted)
                return new RefundResult.OverLimit(posted);
        }

        return null;
    }

    private static PostingRow RowOf(
        Refund refund, RecordedCharge charge, IReadOnlyList<(string Bucket, Credits Amount)> parts, byte[] receipt, Credits amount, DateTimeOffset at) => new()
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
            Receipt = receipt,
            Reason = LedgerNames.Of(refund.Reason),
            At = Micros.Of(at),
        };

    private RefundResult.Refunded Refunded(PostingRow row, RecordedCharge charge, IEnumerable<string> buckets, bool replayed) => new(
        row.Id, charge.Account, charge.KeyId, charge.MemberId, charge.Admitted, new Credits(row.Amount),
        [.. buckets.Select(id => BucketOf(charge, id).ToBalance())], Micros.ToTime(row.At), replayed);

    private BucketRow BucketOf(RecordedCharge charge, string id) =>
        Recorder.Balances.Find(charge.Account, id) ?? throw new UnreachableException($"{charge.Account} was charged in {id}, which is not there.");

    private async Task<IReadOnlyList<ReceiptRefund>> ListRefundsAsync(ReceiptId id, CancellationToken cancellationToken)
    {
        var rows = await connections.ReadAsync(
            connection => connection.QueryAsync<PostingRow>(
                new CommandDefinition(ListPostingsOfReceipt, new { receipt = SqliteRecorder.Key(id) }, cancellationToken: cancellationToken)),
            cancellationToken);
        return [.. rows.Select(static row => new ReceiptRefund(row.Id, new Credits(row.Amount), row.Reason ?? "", Micros.ToTime(row.At)))];
    }

    private static byte[] AuditOfExpiry(BucketRow pack, PostingRow row) => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["account"] = pack.Account,
        ["bucket"] = pack.Id,
        ["currency"] = pack.Currency,
        ["amount"] = new Credits(row.Amount).ToDecimal(),
        ["expiresAt"] = pack.ExpiresAt is { } expired ? Micros.ToTime(expired) : null,
    });
}
