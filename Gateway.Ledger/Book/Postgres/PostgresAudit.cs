using System.Globalization;
using Dapper;

namespace Gateway.Ledger.Book.Postgres;

internal sealed partial class PostgresBook
{
    private static readonly string ListAudit = EmbeddedText.Read("Book/Postgres/audit_list.sql");
    private static readonly string ListAuditOfWorkspace = EmbeddedText.Read("Book/Postgres/audit_list_workspace.sql");

    /// <inheritdoc/>
    public async Task<Page<AuditRecord>> ListAuditAsync(string? workspace, int limit, string? cursor, CancellationToken cancellationToken)
    {
        var before = long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : long.MaxValue;
        var sql = workspace is null ? ListAudit : ListAuditOfWorkspace;
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        var rows = (await connection.QueryAsync<AuditRow>(
            new CommandDefinition(sql, new { workspace, before, limit = limit + 1 }, cancellationToken: cancellationToken))).AsList();
        return new Page<AuditRecord>(
            [.. rows.Take(limit).Select(static row => row.ToRecord())],
            rows.Count > limit ? rows[limit - 1].Id.ToString(CultureInfo.InvariantCulture) : null);
    }

    private sealed record AuditRow
    {
        public required long Id { get; init; }

        public required string Workspace { get; init; }

        public required string Actor { get; init; }

        public required string Action { get; init; }

        public required string Kind { get; init; }

        public required string ResourceId { get; init; }

        public byte[]? Before { get; init; }

        public byte[]? After { get; init; }

        public required DateTime At { get; init; }

        public AuditRecord ToRecord() => new(Id, Workspace, Actor, Action, Kind, ResourceId, Before, After, Instants.ToTime(At));
    }
}
