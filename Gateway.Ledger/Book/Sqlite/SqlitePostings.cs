using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger.Book.Sqlite;

internal sealed partial class SqliteBook
{
    private static readonly string FindPosting = EmbeddedText.Read("Book/Sqlite/posting_by_key.sql");
    private static readonly string InsertPosting = EmbeddedText.Read("Book/Sqlite/posting_insert.sql");
    private static readonly string FindBucketByKind = EmbeddedText.Read("Book/Sqlite/bucket_by_kind.sql");

    /// <inheritdoc/>
    public async Task<PostingResult> PostAsync(Posting posting, DateTimeOffset at, CancellationToken cancellationToken)
    {
        if (posting.Amount == Credits.Zero || (posting.Amount < Credits.Zero && posting.Reason != PostingReason.Adjustment))
            throw new ArgumentOutOfRangeException(nameof(posting), posting.Amount, "A posting puts in more than zero; only an adjustment takes out.");

        using var turn = await connections.EnterAsync(cancellationToken);
        await using var transaction = connections.Writer.BeginTransaction(deferred: false);
        Recorder.Begin(transaction);
        if (await FindPostedAsync(posting, transaction, cancellationToken) is { } posted)
            return posted;
        if (await BucketForAsync(posting, at, transaction, cancellationToken) is not { } bucket)
            return new PostingResult.NoBucket();
        if (posting.Amount > Credits.MaxPerBucket - new Credits(bucket.Posted))
            return new PostingResult.OverLimit(new Credits(bucket.Posted));
        if (posting.Amount < -new Credits(bucket.Posted))
            return new PostingResult.TooLow(new Credits(bucket.Posted));

        var row = new PostingRow
        {
            Id = NewId("pst_"),
            Account = posting.Account,
            Kind = LedgerNames.Of(posting.Reason),
            Bucket = bucket.Id,
            Amount = posting.Amount.Nano,
            Note = posting.Note,
            Actor = posting.Actor,
            IdempotencyKey = posting.IdempotencyKey,
            Fingerprint = posting.Fingerprint,
            At = Micros.Of(at),
        };
        var house = posting.Reason == PostingReason.Adjustment ? BucketRow.Adjustment : BucketRow.External;
        Transfer(bucket, row, house, at);
        Recorder.Balances.Write();
        await PostedAsync(row, posting.Workspace, AuditBody(posting, bucket), transaction, cancellationToken);

        // CancellationToken.None: from here on the outcome must be known.
        await transaction.CommitAsync(CancellationToken.None);
        return new PostingResult.Posted(row.Id, bucket.ToBalance(), Micros.ToTime(row.At), Replayed: false);
    }

    // The posting's amount between a house account and the bucket.
    private void Transfer(BucketRow bucket, PostingRow posting, string house, DateTimeOffset at)
    {
        var balances = Recorder.Balances;
        balances.Move(balances.House(bucket.Account, house, bucket.Currency, at), -posting.Amount, posting.Kind, posting.Id, at);
        balances.Move(bucket, posting.Amount, posting.Kind, posting.Id, at);
    }

    private async Task PostedAsync(PostingRow row, string workspace, byte[] after, SqliteTransaction transaction, CancellationToken cancellationToken)
    {
        await connections.Writer.ExecuteAsync(new CommandDefinition(InsertPosting, row, transaction, cancellationToken: cancellationToken));
        await AuditAsync(workspace, row.Actor, "create", row.Kind, row.Id, before: null, after, row.At, transaction, cancellationToken);
    }

    private async Task<PostingResult?> FindPostedAsync(Posting posting, SqliteTransaction transaction, CancellationToken cancellationToken)
    {
        if (posting.IdempotencyKey is null)
            return null;

        var row = await connections.Writer.QueryFirstOrDefaultAsync<PostingRow>(new CommandDefinition(
            FindPosting, new { account = posting.Account, idempotencyKey = posting.IdempotencyKey }, transaction, cancellationToken: cancellationToken));
        if (row is null)
            return null;
        if (!string.Equals(row.Fingerprint, posting.Fingerprint, StringComparison.Ordinal))
            return new PostingResult.KeyReused();

        var bucket = Recorder.Balances.Find(posting.Account, row.Bucket) ?? throw new UnreachableException($"Posting {row.Id} has no bucket {row.Bucket}.");
        return new PostingResult.Posted(row.Id, bucket.ToBalance(), Micros.ToTime(row.At), Replayed: true);
    }

    private async Task<BucketRow?> BucketForAsync(Posting posting, DateTimeOffset at, SqliteTransaction transaction, CancellationToken cancellationToken)
    {
        if (posting.Reason == PostingReason.Adjustment)
            return posting.Bucket is { } id && Recorder.Balances.Find(posting.Account, id) is { IsCustomers: true } adjusted ? adjusted : null;

        var kind = LedgerNames.Of(posting.Kind);
        if (posting.Kind != BucketKind.Pack)
        {
            var existing = await connections.Writer.QueryFirstOrDefaultAsync<BucketRow>(new CommandDefinition(
                FindBucketByKind, new { account = posting.Account, kind, currency = posting.Currency }, transaction, cancellationToken: cancellationToken));
            if (existing is not null)
            {
                Recorder.Balances.Track(existing);
                return existing;
            }
        }

        return Recorder.Balances.Add(new BucketRow
        {
            Account = posting.Account,
            Id = NewId(posting.Kind == BucketKind.Pack ? "pk_" : "bkt_"),
            Kind = kind,
            Provider = posting.Provider,
            Model = posting.Model,
            Currency = posting.Currency,
            CreatedAt = Micros.Of(at),
            ExpiresAt = Micros.Of(posting.ExpiresAt),
        });
    }

    private static byte[] AuditBody(Posting posting, BucketRow bucket) => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["account"] = posting.Account,
        ["bucket"] = bucket.Id,
        ["kind"] = bucket.Kind,
        ["provider"] = bucket.Provider,
        ["model"] = bucket.Model,
        ["currency"] = bucket.Currency,
        ["amount"] = posting.Amount.ToDecimal(),
        ["expiresAt"] = posting.ExpiresAt,
        ["note"] = posting.Note,
    });

    private async Task AuditAsync(
        string workspace, string actor, string action, string kind, string resourceId, byte[]? before, byte[]? after, long at,
        SqliteTransaction transaction, CancellationToken cancellationToken) =>
        await connections.Writer.ExecuteAsync(new CommandDefinition(
            InsertAudit, new { workspace, actor, action, kind, resourceId, before, after, at }, transaction, cancellationToken: cancellationToken));

    // 20 letters and digits: 119 random bits.
    private static string NewId(string prefix) =>
        prefix + RandomNumberGenerator.GetString("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 20);
}
