using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using Npgsql;

namespace Gateway.Ledger.Book.Postgres;

internal sealed partial class PostgresBook
{
    private static readonly string LockAccount = EmbeddedText.Read("Book/Postgres/account_lock.sql");
    private static readonly string FindPosting = EmbeddedText.Read("Book/Postgres/posting_by_key.sql");
    private static readonly string InsertPosting = EmbeddedText.Read("Book/Postgres/posting_insert.sql");
    private static readonly string FindBucketByKind = EmbeddedText.Read("Book/Postgres/bucket_by_kind.sql");
    private static readonly string InsertBucket = EmbeddedText.Read("Book/Postgres/bucket_insert.sql");
    private static readonly string InsertAudit = EmbeddedText.Read("Book/Postgres/audit_insert.sql");

    /// <inheritdoc/>
    public async Task<PostingResult> PostAsync(Posting posting, DateTimeOffset at, CancellationToken cancellationToken)
    {
        if (posting.Amount == Credits.Zero || (posting.Amount < Credits.Zero && posting.Reason != PostingReason.Adjustment))
            throw new ArgumentOutOfRangeException(nameof(posting), posting.Amount, "A posting puts in more than zero; only an adjustment takes out.");

        await Months.EnsureAsync([at], cancellationToken);
        return await RepeatAsync(() => TryPostAsync(posting, Instants.Of(at), cancellationToken), cancellationToken);
    }

    private async Task<PostingResult?> TryPostAsync(Posting posting, DateTime at, CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(LockAccount, new { account = posting.Account }, transaction, cancellationToken);
        if (await FindPostedAsync(posting, transaction, cancellationToken) is { } posted)
            return posted;

        var isAdjustment = posting.Reason == PostingReason.Adjustment;
        var house = isAdjustment ? BucketRow.Adjustment : BucketRow.External;
        if (!isAdjustment)
            await MakeHousesAsync(connection, [new HouseAccount(posting.Account, house, posting.Currency)], cancellationToken);
        var id = isAdjustment ? posting.Bucket ?? "" : await BucketForAsync(posting, at, transaction, cancellationToken);
        var buckets = await LockAsync([(posting.Account, id), (posting.Account, house)], connection, cancellationToken);
        if (buckets.Find(posting.Account, id) is not { } bucket)
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
            Bucket = id,
            Amount = posting.Amount.Nano,
            Note = posting.Note,
            Actor = posting.Actor,
            IdempotencyKey = posting.IdempotencyKey,
            Fingerprint = posting.Fingerprint,
            At = at,
        };
        buckets.Move(buckets.House(posting.Account, house, bucket.Currency), -posting.Amount.Nano, row.Kind, row.Id, Instants.ToTime(at));
        buckets.Move(bucket, posting.Amount.Nano, row.Kind, row.Id, Instants.ToTime(at));
        if (await MakeMissingAsync(buckets, transaction, cancellationToken))
            return null;

        await WriteAsync(buckets, connection, cancellationToken);
        await PostedAsync(row, posting.Workspace, AuditBody(posting, bucket), transaction, cancellationToken);

        // CancellationToken.None: from here on the outcome must be known.
        await transaction.CommitAsync(CancellationToken.None);
        return new PostingResult.Posted(row.Id, bucket.ToBalance(), Instants.ToTime(at), Replayed: false);
    }

    private static async Task<PostingResult?> FindPostedAsync(Posting posting, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        if (posting.IdempotencyKey is null)
            return null;

        var row = await Of(transaction).QueryFirstOrDefaultAsync<PostingRow>(new CommandDefinition(
            FindPosting, new { account = posting.Account, idempotencyKey = posting.IdempotencyKey }, transaction, cancellationToken: cancellationToken));
        if (row is null)
            return null;
        if (!string.Equals(row.Fingerprint, posting.Fingerprint, StringComparison.Ordinal))
            return new PostingResult.KeyReused();

        var buckets = await LockAsync([(posting.Account, row.Bucket)], Of(transaction), cancellationToken);
        var bucket = buckets.Find(posting.Account, row.Bucket) ?? throw new UnreachableException($"Posting {row.Id} has no bucket {row.Bucket}.");
        return new PostingResult.Posted(row.Id, bucket.ToBalance(), Instants.ToTime(row.At), Replayed: true);
    }

    // The id of the bucket that the posting goes to, made where it is missing.
    private static async Task<string> BucketForAsync(Posting posting, DateTime at, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        var kind = LedgerNames.Of(posting.Kind);
        if (posting.Kind != BucketKind.Pack)
        {
            var existing = await Of(transaction).ExecuteScalarAsync<string>(new CommandDefinition(
                FindBucketByKind, new { account = posting.Account, kind, currency = posting.Currency }, transaction, cancellationToken: cancellationToken));
            if (existing is not null)
                return existing;
        }

        var id = NewId(posting.Kind == BucketKind.Pack ? "pk_" : "bkt_");
        await ExecuteAsync(
            InsertBucket,
            new
            {
                account = posting.Account, id, kind, provider = posting.Provider, model = posting.Model, currency = posting.Currency,
                createdAt = at, expiresAt = Instants.Of(posting.ExpiresAt),
            },
            transaction,
            cancellationToken);
        return id;
    }

    private static async Task PostedAsync(PostingRow row, string workspace, byte[] after, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        await ExecuteAsync(InsertPosting, row, transaction, cancellationToken);
        await AuditAsync(workspace, row.Actor, "create", row.Kind, row.Id, before: null, after, row.At, transaction, cancellationToken);
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

    private static Task AuditAsync(
        string workspace, string actor, string action, string kind, string resourceId, byte[]? before, byte[]? after, DateTime at,
        NpgsqlTransaction transaction, CancellationToken cancellationToken) =>
        ExecuteAsync(InsertAudit, new { workspace, actor, action, kind, resourceId, before, after, at }, transaction, cancellationToken);

    // 20 letters and digits: 119 random bits.
    private static string NewId(string prefix) =>
        prefix + RandomNumberGenerator.GetString("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 20);
}
