using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger.Book.Sqlite;

/// <content>Scores, and the detectors that they feed.</content>
internal sealed partial class SqliteBook : IScoreStore
{
    private static readonly string InsertScore = EmbeddedText.Read("Book/Sqlite/score_insert.sql");
    private static readonly string FindScore = EmbeddedText.Read("Book/Sqlite/score_find.sql");
    private static readonly string ListScores = EmbeddedText.Read("Book/Sqlite/score_list.sql");
    private static readonly string InsertDetector = EmbeddedText.Read("Book/Sqlite/detector_insert.sql");
    private static readonly string FindDetectorState = EmbeddedText.Read("Book/Sqlite/detector_state.sql");
    private static readonly string UpdateDetector = EmbeddedText.Read("Book/Sqlite/detector_update.sql");
    private static readonly string ListDetectors = EmbeddedText.Read("Book/Sqlite/detector_list.sql");
    private static readonly string ListDetectorsOfWorkspace = EmbeddedText.Read("Book/Sqlite/detector_list_workspace.sql");
    private static readonly string FindDetector = EmbeddedText.Read("Book/Sqlite/detector_find.sql");

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ScoreResult>> ScoreAsync(
        DetectorKey? detector, IReadOnlyList<ScoreRecord> scores, Func<byte[]?, IReadOnlyList<ScoreRecord>, DetectorChange> fold, CancellationToken cancellationToken)
    {
        using var turn = await connections.EnterAsync(cancellationToken);
        await using var transaction = connections.Writer.BeginTransaction(deferred: false);
        var results = new List<ScoreResult>(scores.Count);
        foreach (var score in scores)
            results.Add(await ScoreAsync(score, transaction, cancellationToken));

        var fresh = results.OfType<ScoreResult.Stored>().Where(static stored => !stored.Replayed).Select(static stored => stored.Score).ToArray();
        if (fresh.Length > 0 && detector is not null)
        {
            await ExecuteAsync(InsertDetector, new { id = detector.Id, detector.Workspace, detector.RuleId, detector.Tag, detector.Strength, at = Now }, transaction, cancellationToken);
            await ChangedAsync(detector, DetectorKey.AuditActor, fold(await StateAsync(detector, transaction, cancellationToken), fresh), transaction, cancellationToken);
        }

        await transaction.CommitAsync(CancellationToken.None);
        return results;
    }

    /// <inheritdoc/>
    public async Task<DetectorChange?> ChangeAsync(
        DetectorKey detector, string actor, Func<byte[], DetectorChange?> change, CancellationToken cancellationToken)
    {
        using var turn = await connections.EnterAsync(cancellationToken);
        await using var transaction = connections.Writer.BeginTransaction(deferred: false);
        if (await StateAsync(detector, transaction, cancellationToken) is not { } state || change(state) is not { } changed)
            return null;

        await ChangedAsync(detector, actor, changed, transaction, cancellationToken);
        await transaction.CommitAsync(CancellationToken.None);
        return changed;
    }

    /// <inheritdoc/>
    public async Task<Page<ScoreRecord>> ListScoresAsync(string workspace, int limit, string? cursor, CancellationToken cancellationToken)
    {
        var before = long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : long.MaxValue;
        var rows = (await connections.ReadAsync(
            connection => connection.QueryAsync<ScoreRow>(
                new CommandDefinition(ListScores, new { workspace, before, limit = limit + 1 }, cancellationToken: cancellationToken)),
            cancellationToken)).AsList();
        return new Page<ScoreRecord>(
            [.. rows.Take(limit).Select(static row => row.ToRecord())],
            rows.Count > limit ? rows[limit - 1].Id.ToString(CultureInfo.InvariantCulture) : null);
    }

    /// <inheritdoc/>
    public async Task<Page<StoredDetector>> ListDetectorsAsync(string? workspace, int limit, string? cursor, CancellationToken cancellationToken)
    {
        var sql = workspace is null ? ListDetectors : ListDetectorsOfWorkspace;
        var rows = (await connections.ReadAsync(
            connection => connection.QueryAsync<DetectorRow>(
                new CommandDefinition(sql, new { workspace, after = cursor ?? "", limit = limit + 1 }, cancellationToken: cancellationToken)),
            cancellationToken)).AsList();
        return new Page<StoredDetector>([.. rows.Take(limit).Select(static row => row.ToDetector())], rows.Count > limit ? rows[limit - 1].Id : null);
    }

    /// <inheritdoc/>
    public async Task<StoredDetector?> FindDetectorAsync(string id, CancellationToken cancellationToken)
    {
        var row = await connections.ReadAsync(
            connection => connection.QueryFirstOrDefaultAsync<DetectorRow>(new CommandDefinition(FindDetector, new { id }, cancellationToken: cancellationToken)),
            cancellationToken);
        return row?.ToDetector();
    }

    private async Task<ScoreResult> ScoreAsync(ScoreRecord score, SqliteTransaction transaction, CancellationToken cancellationToken)
    {
        var row = ScoreRow.Of(score);
        var id = await connections.Writer.ExecuteScalarAsync<long?>(new CommandDefinition(InsertScore, row, transaction, cancellationToken: cancellationToken));
        if (id is { } stored)
            return new ScoreResult.Stored((row with { Id = stored }).ToRecord(), Replayed: false);

        var earlier = (await connections.Writer.QueryFirstAsync<ScoreRow>(new CommandDefinition(
            FindScore, new { receipt = row.Receipt, source = row.Source }, transaction, cancellationToken: cancellationToken))).ToRecord();
        return earlier.SaysTheSameAs(score) ? new ScoreResult.Stored(earlier, Replayed: true) : new ScoreResult.AlreadyScored(earlier);
    }

    private Task<byte[]?> StateAsync(DetectorKey detector, SqliteTransaction transaction, CancellationToken cancellationToken) =>
        connections.Writer.ExecuteScalarAsync<byte[]?>(
            new CommandDefinition(FindDetectorState, new { id = detector.Id }, transaction, cancellationToken: cancellationToken));

    private async Task ChangedAsync(
        DetectorKey detector, string actor, DetectorChange change, SqliteTransaction transaction, CancellationToken cancellationToken)
    {
        await ExecuteAsync(UpdateDetector, new { id = detector.Id, state = change.State, summary = change.Summary, at = Now }, transaction, cancellationToken);
        foreach (var (before, after) in change.Transitions)
        {
            await AuditAsync(
                detector.Workspace, actor, before is null ? "create" : "update", DetectorKey.AuditKind, detector.Id, before, after, Now, transaction, cancellationToken);
        }
    }
}
