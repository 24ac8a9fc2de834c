using Dapper;

namespace Gateway.Ledger.Book.Sqlite;

/// <content>Who made which answer.</content>
internal sealed partial class SqliteBook : IResponseOrigins
{
    private static readonly string InsertOrigin = EmbeddedText.Read("Book/Sqlite/origin_insert.sql");
    private static readonly string FindOrigin = EmbeddedText.Read("Book/Sqlite/origin_find.sql");
    private static readonly string DeleteOrigin = EmbeddedText.Read("Book/Sqlite/origin_delete.sql");
    private static readonly string ExpireOrigins = EmbeddedText.Read("Book/Sqlite/origin_expire.sql");

    /// <inheritdoc/>
    public Task AddOriginsAsync(IReadOnlyList<ResponseOrigin> origins, CancellationToken cancellationToken) =>
        ChangeAnswersAsync(
            async transaction =>
            {
                foreach (var origin in origins)
                    await ExecuteAsync(InsertOrigin, OriginRow.Of(origin), transaction, cancellationToken);
                return origins.Count;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<ResponseOrigin?> FindOriginAsync(string workspace, string responseId, CancellationToken cancellationToken) =>
        connections.ReadAsync(
            async connection => (await connection.QuerySingleOrDefaultAsync<OriginRow>(
                new CommandDefinition(FindOrigin, new { workspace, responseId, now = Now }, cancellationToken: cancellationToken)))?.ToOrigin(),
            cancellationToken);

    /// <inheritdoc/>
    public Task<bool> DeleteOriginAsync(string workspace, string responseId, CancellationToken cancellationToken) =>
        ChangeAnswersAsync(
            async transaction => await ExecuteAsync(DeleteOrigin, new { workspace, responseId }, transaction, cancellationToken) == 1,
            cancellationToken);

    /// <inheritdoc/>
    public Task<int> ExpireOriginsAsync(CancellationToken cancellationToken) =>
        ChangeAnswersAsync(transaction => ExecuteAsync(ExpireOrigins, new { now = Now }, transaction, cancellationToken), cancellationToken);

    private sealed record OriginRow
    {
        public string Workspace { get; init; } = "";

        public string ResponseId { get; init; } = "";

        public string ChannelId { get; init; } = "";

        public string UpstreamModel { get; init; } = "";

        public long CreatedAt { get; init; }

        public long ExpiresAt { get; init; }

        public static OriginRow Of(ResponseOrigin origin) => new()
        {
            Workspace = origin.Workspace,
            ResponseId = origin.ResponseId,
            ChannelId = origin.ChannelId,
            UpstreamModel = origin.UpstreamModel,
            CreatedAt = Micros.Of(origin.CreatedAt),
            ExpiresAt = Micros.Of(origin.CreatedAt + ResponseOrigin.Kept),
        };

        public ResponseOrigin ToOrigin() => new()
        {
            Workspace = Workspace,
            ResponseId = ResponseId,
            ChannelId = ChannelId,
            UpstreamModel = UpstreamModel,
            CreatedAt = Micros.ToTime(CreatedAt),
        };
    }
}
