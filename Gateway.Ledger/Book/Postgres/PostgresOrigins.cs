using Dapper;

namespace Gateway.Ledger.Book.Postgres;

/// <content>Who made which answer: any gateway may ask.</content>
internal sealed partial class PostgresBook : IResponseOrigins
{
    private static readonly string InsertOrigins = EmbeddedText.Read("Book/Postgres/origin_insert.sql");
    private static readonly string FindOrigin = EmbeddedText.Read("Book/Postgres/origin_find.sql");
    private static readonly string DeleteOrigin = EmbeddedText.Read("Book/Postgres/origin_delete.sql");
    private static readonly string ExpireOrigins = EmbeddedText.Read("Book/Postgres/origin_expire.sql");

    /// <inheritdoc/>
    public Task AddOriginsAsync(IReadOnlyList<ResponseOrigin> origins, CancellationToken cancellationToken) =>
        ChangeAnswersAsync(
            InsertOrigins,
            new
            {
                workspaces = origins.Select(static origin => origin.Workspace).ToArray(),
                responseIds = origins.Select(static origin => origin.ResponseId).ToArray(),
                channels = origins.Select(static origin => origin.ChannelId).ToArray(),
                upstreamModels = origins.Select(static origin => origin.UpstreamModel).ToArray(),
                createdAts = origins.Select(static origin => Instants.Of(origin.CreatedAt)).ToArray(),
                expiresAts = origins.Select(static origin => Instants.Of(origin.CreatedAt + ResponseOrigin.Kept)).ToArray(),
            },
            cancellationToken);

    /// <inheritdoc/>
    public async Task<ResponseOrigin?> FindOriginAsync(string workspace, string responseId, CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        var row = await connection.QuerySingleOrDefaultAsync<OriginRow>(
            new CommandDefinition(FindOrigin, new { workspace, responseId, now = Now }, cancellationToken: cancellationToken));
        return row?.ToOrigin();
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteOriginAsync(string workspace, string responseId, CancellationToken cancellationToken) =>
        await ChangeAnswersAsync(DeleteOrigin, new { workspace, responseId }, cancellationToken) == 1;

    /// <inheritdoc/>
    public Task<int> ExpireOriginsAsync(CancellationToken cancellationToken) => ChangeAnswersAsync(ExpireOrigins, new { now = Now }, cancellationToken);

    private sealed record OriginRow
    {
        public string Workspace { get; init; } = "";

        public string ResponseId { get; init; } = "";

        public string ChannelId { get; init; } = "";

        public string UpstreamModel { get; init; } = "";

        public DateTime CreatedAt { get; init; }

        public ResponseOrigin ToOrigin() => new()
        {
            Workspace = Workspace,
            ResponseId = ResponseId,
            ChannelId = ChannelId,
            UpstreamModel = UpstreamModel,
            CreatedAt = Instants.ToTime(CreatedAt),
        };
    }
}
