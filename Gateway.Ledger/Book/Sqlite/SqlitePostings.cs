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
        if (posting.Amount <= Credits.Zero)
            throw new ArgumentOutOfRangeException(nameof(posting), posting.Amount, "A posting puts in more than zero.");

        using var turn = await connections.EnterAsync(cancellationToken);
        var balances = Recorder.Balances;
        await using var transaction = connections.Writer.BeginTransaction(deferred: false);
        balances.Begin(transaction);
        if (await FindPostedAsync(posting, transaction, cancellationToken) is { } posted)
            return posted;

        var bucket = await BucketForAsync(posting, at, transaction, cancellationToken);
        if (posting.Amount > Credits.MaxPerBucket - new Credits(bucket.Posted))
            return new PostingResult.OverLimit(new Credits(bucket.Posted));

        var row = new PostingRow
        {
            Id = NewId("pst_"),
            Account = posting.Account,
            Kind = posting.Kind == BucketKind.Pack ? "pack" : "top_up",
            Bucket = bucket.Id,
            Amount = posting.Amount.Nano,
            Note = posting.Note,
            Actor = posting.Actor,
            IdempotencyKey = posting.IdempotencyKey,
            Fingerprint = posting.Fingerprint,
            At = Micros.Of(at),
        };
        balances.Move(balances.House(posting.Account, BucketRow.External, posting.Currency, at), -posting.Amount.Nano, row.Kind, row.Id, at);
        balances.Move(bucket, posting.Amount.Nano, row.Kind, row.Id, at);
        balances.Write();
        await connections.Writer.ExecuteAsync(new CommandDefinition(InsertPosting, row, transaction, cancellationToken: cancellationToken));
        await AuditAsync(
            posting.Workspace, posting.Actor, "create", row.Kind, row.Id, before: null, AuditBody(posting, bucket), row.At, transaction, cancellationToken);

        // CancellationToken.None: from here on the outcome must be known.
        await transaction.CommitAsync(CancellationToken.None);
        return new PostingResult.Posted(row.Id, bucket.ToBalance(), Micros.ToTime(row.At), Replayed: false);
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

    private async Task<BucketRow> BucketForAsync(Posting posting, DateTimeOffset at, SqliteTransaction transaction, CancellationToken cancellationToken)
    {
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
        ["provider"] = posting.Provider,
        ["model"] = posting.Model,
        ["currency"] = posting.Currency,
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

    private sealed record PostingRow
    {
        public required string Id { get; init; }

        public required string Account { get; init; }

        public required string Kind { get; init; }

        public required string Bucket { get; init; }

        public required long Amount { get; init; }

        public string? Note { get; init; }

        public required string Actor { get; init; }

        public string? IdempotencyKey { get; init; }

        public string? Fingerprint { get; init; }

        public required long At { get; init; }
    }
}
