using Dapper;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger.Book.Sqlite;

internal sealed partial class SqliteBook
{
    // The contract keeps an Idempotency-Key for 24 hours.
    private static readonly TimeSpan WritesKept = TimeSpan.FromHours(24);

    private static readonly string FindResource = EmbeddedText.Read("Book/Sqlite/resource_find.sql");
    private static readonly string FindResourceByLookup = EmbeddedText.Read("Book/Sqlite/resource_find_lookup.sql");
    private static readonly string ListResources = EmbeddedText.Read("Book/Sqlite/resource_list.sql");
    private static readonly string ListResourcesOfWorkspace = EmbeddedText.Read("Book/Sqlite/resource_list_workspace.sql");
    private static readonly string InsertResource = EmbeddedText.Read("Book/Sqlite/resource_insert.sql");
    private static readonly string UpdateResource = EmbeddedText.Read("Book/Sqlite/resource_update.sql");
    private static readonly string DeleteResource = EmbeddedText.Read("Book/Sqlite/resource_delete.sql");
    private static readonly string FindWrite = EmbeddedText.Read("Book/Sqlite/resource_write_find.sql");
    private static readonly string InsertWrite = EmbeddedText.Read("Book/Sqlite/resource_write_insert.sql");
    private static readonly string ExpireWrites = EmbeddedText.Read("Book/Sqlite/resource_write_expire.sql");

    /// <inheritdoc/>
    public Task<Resource?> FindAsync(string kind, string id, CancellationToken cancellationToken) =>
        connections.ReadAsync(connection => QueryAsync(connection, FindResource, new { kind, id }, transaction: null, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<long> ResourceVersionAsync(CancellationToken cancellationToken) => Task.FromResult(0L);

    /// <inheritdoc/>
    public Task<Resource?> FindByLookupAsync(string kind, string lookup, CancellationToken cancellationToken) =>
        connections.ReadAsync(
            connection => QueryAsync(connection, FindResourceByLookup, new { kind, lookup }, transaction: null, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async Task<Page<Resource>> ListAsync(string kind, string? workspace, int limit, string? cursor, CancellationToken cancellationToken)
    {
        var sql = workspace is null ? ListResources : ListResourcesOfWorkspace;
        var rows = (await connections.ReadAsync(
            connection => connection.QueryAsync<ResourceRow>(
                new CommandDefinition(sql, new { kind, workspace, after = cursor ?? "", limit = limit + 1 }, cancellationToken: cancellationToken)),
            cancellationToken)).AsList();
        return new Page<Resource>([.. rows.Take(limit).Select(static row => row.ToResource())], rows.Count > limit ? rows[limit - 1].Id : null);
    }

    /// <inheritdoc/>
    public Task<WriteResult?> FindWriteAsync(Authorship by, CancellationToken cancellationToken) => by.IdempotencyKey is null
        ? Task.FromResult<WriteResult?>(null)
        : connections.ReadAsync(
            connection => FindWriteAsync(connection, by, Micros.Of(clock.GetUtcNow() - WritesKept), transaction: null, cancellationToken), cancellationToken);

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
                var before = await QueryAsync(connections.Writer, FindResource, new { kind = resource.Kind, id = resource.Id }, transaction, cancellationToken);
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
                var before = await QueryAsync(connections.Writer, FindResource, new { kind, id }, transaction, cancellationToken);
                if (before is null)
                    return new WriteResult.NotFound();
                if (expectedVersion is { } expected && expected != before.Version)
                    return new WriteResult.VersionMismatch(before.Version);

                await ExecuteAsync(DeleteResource, new { kind, id }, transaction, cancellationToken);
                return await WrittenAsync("delete", before, after: null, by, transaction, cancellationToken);
            },
            cancellationToken);

    // Looks for the idempotency key, writes, and commits only what was written: a refusal leaves nothing behind and its key free.
    private async Task<WriteResult> WriteAsync(Authorship by, Func<SqliteTransaction, Task<WriteResult>> write, CancellationToken cancellationToken)
    {
        using var turn = await connections.EnterAsync(cancellationToken);
        await using var transaction = connections.Writer.BeginTransaction(deferred: false);
        if (by.IdempotencyKey is not null)
        {
            var notBefore = Micros.Of(clock.GetUtcNow() - WritesKept);
            if (await FindWriteAsync(connections.Writer, by, notBefore, transaction, cancellationToken) is { } earlier)
                return earlier;

            await ExecuteAsync(ExpireWrites, new { notBefore }, transaction, cancellationToken);
        }

        var result = await write(transaction);
        if (result is WriteResult.Written)
            await transaction.CommitAsync(CancellationToken.None);
        return result;
    }

    private async Task<WriteResult> WrittenAsync(
        string action, Resource? before, Resource? after, Authorship by, SqliteTransaction transaction, CancellationToken cancellationToken)
    {
        var resource = after ?? before ?? throw new ArgumentNullException(nameof(after));
        var at = Micros.Of(clock.GetUtcNow());
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
        SqliteConnection connection, Authorship by, long notBefore, SqliteTransaction? transaction, CancellationToken cancellationToken)
    {
        var row = await connection.QueryFirstOrDefaultAsync<ResourceRow>(new CommandDefinition(
            FindWrite, new { actor = by.Actor, idempotencyKey = by.IdempotencyKey, notBefore }, transaction, cancellationToken: cancellationToken));
        return row?.ReplayFor(by);
    }

    private Task<int> ExecuteAsync(string sql, object parameters, SqliteTransaction transaction, CancellationToken cancellationToken) =>
        connections.Writer.ExecuteAsync(new CommandDefinition(sql, parameters, transaction, cancellationToken: cancellationToken));

    private static async Task<Resource?> QueryAsync(
        SqliteConnection connection, string sql, object parameters, SqliteTransaction? transaction, CancellationToken cancellationToken)
    {
        var row = await connection.QueryFirstOrDefaultAsync<ResourceRow>(
            new CommandDefinition(sql, parameters, transaction, cancellationToken: cancellationToken));
        return row?.ToResource();
    }
}
