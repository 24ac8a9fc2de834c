using Dapper;

namespace Gateway.Ledger.Book.Postgres;

internal sealed partial class PostgresBook
{
    private static readonly string LastChange = EmbeddedText.Read("Book/Postgres/resource_change_last.sql");
    private static readonly string ListChanges = EmbeddedText.Read("Book/Postgres/resource_change_list.sql");

    /// <inheritdoc/>
    public async Task<long> LastChangeAsync(IReadOnlyList<string> kinds, CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition(LastChange, new { kinds = kinds.ToArray() }, cancellationToken: cancellationToken));
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ResourceChange>> ListChangesAsync(
        IReadOnlyList<string> kinds, long after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<ChangeRow>(
            new CommandDefinition(ListChanges, new { kinds = kinds.ToArray(), after, limit }, cancellationToken: cancellationToken));
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

        public DateTime? CreatedAt { get; init; }

        public DateTime? UpdatedAt { get; init; }

        public ResourceChange ToChange() => new(
            Place,
            Kind,
            Id,
            Workspace,
            Body is null || Version is not { } version || CreatedAt is not { } created || UpdatedAt is not { } updated
                ? null
                : new Resource(Kind, Id, Workspace, Lookup, Body, version, Instants.ToTime(created), Instants.ToTime(updated)));
    }
}
