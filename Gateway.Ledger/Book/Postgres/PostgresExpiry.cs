using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;

namespace Gateway.Ledger.Book.Postgres;

internal sealed partial class PostgresBook
{
    private const string Gateway = "gateway";

    private static readonly string ListExpired = EmbeddedText.Read("Book/Postgres/bucket_expired.sql");

    /// <inheritdoc/>
    public async Task<IReadOnlyList<(string Account, BucketBalance Bucket)>> ExpireAsync(
        DateTimeOffset expiredBefore, int limit, DateTimeOffset at, CancellationToken cancellationToken)
    {
        await Months.EnsureAsync([at], cancellationToken);
        return await RepeatAsync(() => TryExpireAsync(Instants.Of(expiredBefore), limit, Instants.Of(at), cancellationToken), cancellationToken);
    }

    private async Task<IReadOnlyList<(string Account, BucketBalance Bucket)>?> TryExpireAsync(
        DateTime expiredBefore, int limit, DateTime at, CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var found = (await connection.QueryAsync<ExpiredPack>(new CommandDefinition(
            ListExpired, new { expiredBefore, limit }, transaction, cancellationToken: cancellationToken))).AsList();
        if (found.Count == 0)
            return [];

        var buckets = await LockAsync(
            [.. found.Select(static pack => (pack.Account, pack.Id)).Concat(found.Select(static pack => (pack.Account, BucketRow.Expired)).Distinct())],
            connection,
            cancellationToken);

        // Another gateway's sweep, or a late charge, may have emptied it since.
        var packs = found.Select(pack => buckets.Find(pack.Account, pack.Id)).OfType<BucketRow>().Where(static pack => pack.Posted > 0).ToArray();
        var rows = Array.ConvertAll(packs, pack => Expire(pack, buckets, at));
        if (await MakeMissingAsync(buckets, transaction, cancellationToken))
            return null;

        await WriteAsync(buckets, connection, cancellationToken);
        for (var i = 0; i < packs.Length; i++)
            await PostedAsync(rows[i], LedgerNames.WorkspaceOf(packs[i].Account), AuditOfExpiry(packs[i], rows[i]), transaction, cancellationToken);
        await transaction.CommitAsync(CancellationToken.None);
        return [.. packs.Select(static pack => (pack.Account, pack.ToBalance()))];
    }

    private static PostingRow Expire(BucketRow pack, LockedBuckets buckets, DateTime at)
    {
        var row = new PostingRow { Id = NewId("pst_"), Account = pack.Account, Kind = "expiry", Bucket = pack.Id, Amount = -pack.Posted, Actor = Gateway, At = at };
        buckets.Move(buckets.House(pack.Account, BucketRow.Expired, pack.Currency), -row.Amount, row.Kind, row.Id, Instants.ToTime(at));
        buckets.Move(pack, row.Amount, row.Kind, row.Id, Instants.ToTime(at));
        return row;
    }

    private static byte[] AuditOfExpiry(BucketRow pack, PostingRow row) => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["account"] = pack.Account,
        ["bucket"] = pack.Id,
        ["currency"] = pack.Currency,
        ["amount"] = new Credits(row.Amount).ToDecimal(),
        ["expiresAt"] = pack.ExpiresAt is { } expired ? Instants.ToTime(expired) : null,
    });

    private sealed record ExpiredPack
    {
        public required string Account { get; init; }

        public required string Id { get; init; }
    }
}
