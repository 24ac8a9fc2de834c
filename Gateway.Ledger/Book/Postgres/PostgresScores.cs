using System.Globalization;
using Dapper;
using Npgsql;

namespace Gateway.Ledger.Book.Postgres;

/// <content>Scores, and the detectors that they feed.</content>
internal sealed partial class PostgresBook : IScoreStore
{
    private static readonly string InsertScore = EmbeddedText.Read("Book/Postgres/score_insert.sql");
    private static readonly string FindScore = EmbeddedText.Read("Book/Postgres/score_find.sql");
    private static readonly string ListScores = EmbeddedText.Read("Book/Postgres/score_list.sql");
    private static readonly string InsertDetector = EmbeddedText.Read("Book/Postgres/detector_insert.sql");
    private static readonly string LockDetector = EmbeddedText.Read("Book/Postgres/detector_lock.sql");
    private static readonly string UpdateDetector = EmbeddedText.Read("Book/Postgres/detector_update.sql");
    private static readonly string ListDetectors = EmbeddedText.Read("Book/Postgres/detector_list.sql");
    private static readonly string ListDetectorsOfWorkspace = EmbeddedText.Read("Book/Postgres/detector_list_workspace.sql");
    private static readonly string FindDetector = EmbeddedText.Read("Book/Postgres/detector_find.sql");

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ScoreResult>> ScoreAsync(
        DetectorKey? detector, IReadOnlyList<ScoreRecord> scores, Func<byte[]?, IReadOnlyList<ScoreRecord>, DetectorChange> fold, CancellationToken cancellationToken) =>
        await RepeatAsync(async () => await TryScoreAsync(detector, scores, fold, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async Task<DetectorChange?> ChangeAsync(
        DetectorKey detector, string actor, Func<byte[], DetectorChange?> change, CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await LockAsync(detector, transaction, cancellationToken) is not { } state || change(state) is not { } changed)
            return null;

        await ChangedAsync(detector, actor, changed, transaction, cancellationToken);
        await transaction.CommitAsync(CancellationToken.None);
        return changed;
    }

    /// <inheritdoc/>
    public async Task<Page<ScoreRecord>> ListScoresAsync(string workspace, int limit, string? cursor, CancellationToken cancellationToken)
    {
        var before = long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : long.MaxValue;
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        var rows = (await connection.QueryAsync<ScoreRow>(
            new CommandDefinition(ListScores, new { workspace, before, limit = limit + 1 }, cancellationToken: cancellationToken))).AsList();
        return new Page<ScoreRecord>(
            [.. rows.Take(limit).Select(static row => row.ToRecord())],
            rows.Count > limit ? rows[limit - 1].Id.ToString(CultureInfo.InvariantCulture) : null);
    }

    /// <inheritdoc/>
    public async Task<Page<StoredDetector>> ListDetectorsAsync(string? workspace, int limit, string? cursor, CancellationToken cancellationToken)
    {
        var sql = workspace is null ? ListDetectors : ListDetectorsOfWorkspace;
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        var rows = (await connection.QueryAsync<DetectorRow>(
            new CommandDefinition(sql, new { workspace, after = cursor ?? "", limit = limit + 1 }, cancellationToken: cancellationToken))).AsList();
        return new Page<StoredDetector>([.. rows.Take(limit).Select(static row => row.ToDetector())], rows.Count > limit ? rows[limit - 1].Id : null);
    }

    /// <inheritdoc/>
    public async Task<StoredDetector?> FindDetectorAsync(string id, CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        var row = await connection.QueryFirstOrDefaultAsync<DetectorRow>(new CommandDefinition(FindDetector, new { id }, cancellationToken: cancellationToken));
        return row?.ToDetector();
    }

    private async Task<List<ScoreResult>> TryScoreAsync(
        DetectorKey? detector, IReadOnlyList<ScoreRecord> scores, Func<byte[]?, IReadOnlyList<ScoreRecord>, DetectorChange> fold, CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        // First of all: the scores of one detector come one after the other.
        byte[]? state = null;
        if (detector is not null)
        {
            var parameters = new { id = detector.Id, detector.Workspace, detector.RuleId, detector.Tag, detector.Strength, at = Instants.Of(clock.GetUtcNow()) };
            await ExecuteAsync(InsertDetector, parameters, transaction, cancellationToken);
            state = await LockAsync(detector, transaction, cancellationToken);
        }

        // In one order, so that two batches with the same calls wait for each other and do not lock each other.
        var results = new ScoreResult[scores.Count];
        foreach (var i in Enumerable.Range(0, scores.Count).OrderBy(i => scores[i].ReceiptId.Value).ThenBy(i => scores[i].Source, StringComparer.Ordinal))
            results[i] = await ScoreAsync(scores[i], transaction, cancellationToken);

        var fresh = results.OfType<ScoreResult.Stored>().Where(static stored => !stored.Replayed).Select(static stored => stored.Score).ToArray();
        if (fresh.Length == 0)
            return [.. results];

        if (detector is not null)
            await ChangedAsync(detector, DetectorKey.AuditActor, fold(state, fresh), transaction, cancellationToken);
        await transaction.CommitAsync(CancellationToken.None);
        return [.. results];
    }

    private static async Task<ScoreResult> ScoreAsync(ScoreRecord score, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        var row = ScoreRow.Of(score);
        var id = await Of(transaction).ExecuteScalarAsync<long?>(new CommandDefinition(InsertScore, row, transaction, cancellationToken: cancellationToken));
        if (id is { } stored)
            return new ScoreResult.Stored((row with { Id = stored }).ToRecord(), Replayed: false);

        var earlier = (await Of(transaction).QueryFirstAsync<ScoreRow>(new CommandDefinition(
            FindScore, new { receipt = row.Receipt, source = row.Source }, transaction, cancellationToken: cancellationToken))).ToRecord();
        return earlier.SaysTheSameAs(score) ? new ScoreResult.Stored(earlier, Replayed: true) : new ScoreResult.AlreadyScored(earlier);
    }

    private static Task<byte[]?> LockAsync(DetectorKey detector, NpgsqlTransaction transaction, CancellationToken cancellationToken) =>
        Of(transaction).ExecuteScalarAsync<byte[]?>(
            new CommandDefinition(LockDetector, new { id = detector.Id }, transaction, cancellationToken: cancellationToken));

    private async Task ChangedAsync(
        DetectorKey detector, string actor, DetectorChange change, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        var at = Instants.Of(clock.GetUtcNow());
        await ExecuteAsync(UpdateDetector, new { id = detector.Id, state = change.State, summary = change.Summary, at }, transaction, cancellationToken);

        // Before the audit records, whose numbers the other gateways follow: its row lock puts them into the order in which they are committed.
        if (change.Transitions.Count > 0)
            await ExecuteAsync(BumpVersion, parameters: null, transaction, cancellationToken);
        foreach (var (before, after) in change.Transitions)
        {
            await AuditAsync(
                detector.Workspace, actor, before is null ? "create" : "update", DetectorKey.AuditKind, detector.Id, before, after, at, transaction, cancellationToken);
        }
    }
}
