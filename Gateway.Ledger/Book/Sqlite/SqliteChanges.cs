using Dapper;

namespace Gateway.Ledger.Book.Sqlite;

internal sealed partial class SqliteBook
{
    private static readonly string LastChange = EmbeddedText.Read("Book/Sqlite/resource_change_last.sql");
    private static readonly string ListChanges = EmbeddedText.Read("Book/Sqlite/resource_change_list.sql");

    /// <inheritdoc/>
    public Task<long> LastChangeAsync(IReadOnlyList<string> kinds, CancellationToken cancellationToken) => connections.ReadAsync(
        connection => connection.ExecuteScalarAsync<long>(new CommandDefinition(LastChange, new { kinds }, cancellationToken: cancellationToken)), cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ResourceChange>> ListChangesAsync(
        IReadOnlyList<string> kinds, long after, int limit, CancellationToken cancellationToken)
    {
        var rows = await connections.ReadAsync(
            connection => connection.QueryAsync<ChangeRow>(new CommandDefinition(ListChanges, new { kinds, after, limit }, cancellationToken: cancellationToken)),
            cancellationToken);
        return [.. rows.Select(static row => row.ToChange())];
    }

    private sealed record ChangeRow
    {
        public required long Place { get; init; }

        public required string Kind { get; init; }

        public required string Id { get; init; }

        public required string Workspace { get; init; }

        public string? Lookup { get; init; }

        public byte[]? Body { get; init; }

        public long? Version { get; init; }

        public long? CreatedAt { get; init; }

        public long? UpdatedAt { get; init; }

        public ResourceChange ToChange() => new(
            Place,
            Kind,
            Id,
            Workspace,
            Body is null || Version is not { } version || CreatedAt is not { } created || UpdatedAt is not { } updated
                ? null
                : new Resource(Kind, Id, Workspace, Lookup, Body, version, Micros.ToTime(created), Micros.ToTime(updated)));
    }
}
