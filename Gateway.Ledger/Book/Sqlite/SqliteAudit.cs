using System.Globalization;
using Dapper;

namespace Gateway.Ledger.Book.Sqlite;

internal sealed partial class SqliteBook
{
    private static readonly string ListAudit = EmbeddedText.Read("Book/Sqlite/audit_list.sql");
    private static readonly string ListAuditOfWorkspace = EmbeddedText.Read("Book/Sqlite/audit_list_workspace.sql");

    /// <inheritdoc/>
    public async Task<Page<AuditRecord>> ListAuditAsync(string? workspace, int limit, string? cursor, CancellationToken cancellationToken)
    {
        var before = long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : long.MaxValue;
        var sql = workspace is null ? ListAudit : ListAuditOfWorkspace;
        var rows = (await connections.ReadAsync(
            connection => connection.QueryAsync<AuditRow>(
                new CommandDefinition(sql, new { workspace, before, limit = limit + 1 }, cancellationToken: cancellationToken)),
            cancellationToken)).AsList();
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

        public required long At { get; init; }

        public AuditRecord ToRecord() => new(Id, Workspace, Actor, Action, Kind, ResourceId, Before, After, Micros.ToTime(At));
    }
}
