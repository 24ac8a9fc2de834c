using Dapper;
using Npgsql;

namespace Gateway.Ledger.Book.Postgres;

internal sealed partial class PostgresBook
{
    // The contract keeps an Idempotency-Key for 24 hours.
    private static readonly TimeSpan WritesKept = TimeSpan.FromHours(24);

    private static readonly string FindResource = EmbeddedText.Read("Book/Postgres/resource_find.sql");
    private static readonly string FindResourceByLookup = EmbeddedText.Read("Book/Postgres/resource_find_lookup.sql");
    private static readonly string ListResources = EmbeddedText.Read("Book/Postgres/resource_list.sql");
    private static readonly string ListResourcesOfWorkspace = EmbeddedText.Read("Book/Postgres/resource_list_workspace.sql");
    private static readonly string InsertResource = EmbeddedText.Read("Book/Postgres/resource_insert.sql");
    private static readonly string UpdateResource = EmbeddedText.Read("Book/Postgres/resource_update.sql");
    private static readonly string DeleteResource = EmbeddedText.Read("Book/Postgres/resource_delete.sql");
    private static readonly string FindWrite = EmbeddedText.Read("Book/Postgres/resource_write_find.sql");
    private static readonly string InsertWrite = EmbeddedText.Read("Book/Postgres/resource_write_insert.sql");
    private static readonly string BumpVersion = EmbeddedText.Read("Book/Postgres/resource_version_bump.sql");
    private static readonly string FindVersion = EmbeddedText.Read("Book/Postgres/resource_version_find.sql");
    private static readonly string ExpireWrites = EmbeddedText.Read("Book/Postgres/resource_write_expire.sql");

    /// <inheritdoc/>
    public Task<Resource?> FindAsync(string kind, string id, CancellationToken cancellationToken) =>
        ReadAsync(FindResource, new { kind, id }, cancellationToken);

    /// <inheritdoc/>
    public Task<Resource?> FindByLookupAsync(string kind, string lookup, CancellationToken cancellationToken) =>
        ReadAsync(FindResourceByLookup, new { kind, lookup }, cancellationToken);

    /// <summary>How many resources were ever written, refused writes aside: who sees the number move reads them again.</summary>
    public async Task<long> ResourceVersionAsync(CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition(FindVersion, cancellationToken: cancellationToken));
    }

    /// <inheritdoc/>
    public async Task<Page<Resource>> ListAsync(string kind, string? workspace, int limit, string? cursor, CancellationToken cancellationToken)
    {
        var sql = workspace is null ? ListResources : ListResourcesOfWorkspace;
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        var rows = (await connection.QueryAsync<ResourceRow>(
            new CommandDefinition(sql, new { kind, workspace, after = cursor ?? "", limit = limit + 1 }, cancellationToken: cancellationToken))).AsList();
        return new Page<Resource>([.. rows.Take(limit).Select(static row => row.ToResource())], rows.Count > limit ? rows[limit - 1].Id : null);
    }

    /// <inheritdoc/>
    public async Task<WriteResult?> FindWriteAsync(Authorship by, CancellationToken cancellationToken)
    {
        if (by.IdempotencyKey is null)
            return null;

        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        return await FindWriteAsync(connection, by, Instants.Of(clock.GetUtcNow() - WritesKept), transaction: null, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<WriteResult> CreateAsync(Resource resource, Authorship by, CancellationToken cancellationToken) =>
        WriteAsync(
            by,
            async transaction =>
            {
                var created = resource with { Version = 1 };
                if (await ExecuteAsync(InsertResource, ResourceRow.Of(created), transaction, cancellationToken) == 0)
                    return new WriteResult.Taken();

                return await WrittenAsync("create", before: null, created, by, transaction, cancellationToken);
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<WriteResult> UpdateAsync(Resource resource, long? expectedVersion, Authorship by, CancellationToken cancellationToken) =>
        WriteAsync(
            by,
            async transaction =>
            {
                var before = await QueryAsync(Of(transaction), FindResource, new { kind = resource.Kind, id = resource.Id }, transaction, cancellationToken);
                if (before is null)
                    return new WriteResult.NotFound();
                if (expectedVersion is { } expected && expected != before.Version)
                    return new WriteResult.VersionMismatch(before.Version);

                var after = before with { Lookup = resource.Lookup, Body = resource.Body, Version = before.Version + 1, UpdatedAt = resource.UpdatedAt };
                if (await ExecuteAsync(UpdateResource, ResourceRow.Of(after), transaction, cancellationToken) == 0)
                    return new WriteResult.Taken();

                return await WrittenAsync("update", before, after, by, transaction, cancellationToken);
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<WriteResult> DeleteAsync(string kind, string id, long? expectedVersion, Authorship by, CancellationToken cancellationToken) =>
        WriteAsync(
            by,
            async transaction =>
            {
                var before = await QueryAsync(Of(transaction), FindResource, new { kind, id }, transaction, cancellationToken);
                if (before is null)
                    return new WriteResult.NotFound();
                if (expectedVersion is { } expected && expected != before.Version)
                    return new WriteResult.VersionMismatch(before.Version);

                await ExecuteAsync(DeleteResource, new { kind, id }, transaction, cancellationToken);
                return await WrittenAsync("delete", before, after: null, by, transaction, cancellationToken);
            },
            cancellationToken);

    // Looks for the idempotency key, writes, and commits only what was written: a refusal leaves nothing behind and its key free.
    private async Task<WriteResult> WriteAsync(Authorship by, Func<NpgsqlTransaction, Task<WriteResult>> write, CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        // First of all: its row lock makes resource writes come one after the other.
        await ExecuteAsync(BumpVersion, parameters: null, transaction, cancellationToken);
        if (by.IdempotencyKey is not null)
        {
            var notBefore = Instants.Of(clock.GetUtcNow() - WritesKept);
            if (await FindWriteAsync(connection, by, notBefore, transaction, cancellationToken) is { } earlier)
                return earlier;

            await ExecuteAsync(ExpireWrites, new { notBefore }, transaction, cancellationToken);
        }

        var result = await write(transaction);
        if (result is WriteResult.Written)
            await transaction.CommitAsync(CancellationToken.None);
        return result;
    }

    private async Task<WriteResult> WrittenAsync(
        string action, Resource? before, Resource? after, Authorship by, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        var resource = after ?? before ?? throw new ArgumentNullException(nameof(after));
        var at = Instants.Of(clock.GetUtcNow());
        await AuditAsync(
            resource.Workspace, by.Actor, action, resource.Kind, resource.Id, before?.Body, after?.Body, at, transaction, cancellationToken);
        if (by.IdempotencyKey is { } idempotencyKey)
        {
            var row = ResourceRow.Of(resource) with { Actor = by.Actor, IdempotencyKey = idempotencyKey, Fingerprint = by.Fingerprint ?? "", At = at };
            await ExecuteAsync(InsertWrite, row, transaction, cancellationToken);
        }

        return new WriteResult.Written(resource, Replayed: false);
    }

    private static async Task<WriteResult?> FindWriteAsync(
        NpgsqlConnection connection, Authorship by, DateTime notBefore, NpgsqlTransaction? transaction, CancellationToken cancellationToken)
    {
        var row = await connection.QueryFirstOrDefaultAsync<ResourceRow>(new CommandDefinition(
            FindWrite, new { actor = by.Actor, idempotencyKey = by.IdempotencyKey, notBefore }, transaction, cancellationToken: cancellationToken));
        return row?.ReplayFor(by);
    }

    private async Task<Resource?> ReadAsync(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        return await QueryAsync(connection, sql, parameters, transaction: null, cancellationToken);
    }

    private static async Task<Resource?> QueryAsync(
        NpgsqlConnection connection, string sql, object parameters, NpgsqlTransaction? transaction, CancellationToken cancellationToken)
    {
        var row = await connection.QueryFirstOrDefaultAsync<ResourceRow>(
            new CommandDefinition(sql, parameters, transaction, cancellationToken: cancellationToken));
        return row?.ToResource();
    }
}
