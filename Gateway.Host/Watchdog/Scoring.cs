using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Transforms.Caching;
using Gateway.Transforms.Compression;
using Gateway.Transforms.Watchdog;

namespace Gateway.Host.Watchdog;

/// <summary>A score that somebody gives.</summary>
/// <param name="ReceiptId">The call.</param>
/// <param name="Source">Who judged.</param>
/// <param name="Millionths">0 to 1,000,000.</param>
/// <param name="Note">Whatever the source adds.</param>
internal sealed record GivenScore(ReceiptId ReceiptId, ScoreSource Source, long Millionths, string? Note);

/// <summary>Stores scores, lets their detectors judge, and acts on it at this gateway at once. The others learn of it from the store.</summary>
internal sealed partial class Scoring(
    ILedger ledger,
    IScoreStore store,
    IResourceNotices notices,
    IAnswerStore answers,
    Detectors detectors,
    WatchdogMetrics metrics,
    TimeProvider time,
    ILogger<Scoring> log)
{
    /// <summary>Stores scores of calls of one tenant.</summary>
    /// <returns>In the order of the scores; <c>null</c>: the tenant has no such call.</returns>
    public async Task<IReadOnlyList<ScoreResult?>> ScoreAsync(string workspace, IReadOnlyList<GivenScore> given, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var calls = new Dictionary<ReceiptId, ScoredCall?>();
        foreach (var id in given.Select(static score => score.ReceiptId).Distinct())
        {
            var receipt = await ledger.FindReceiptAsync(id, workspace, keyId: null, cancellationToken);
            calls[id] = receipt is { } document ? ScoredCall.Of(document, workspace, detectors) : null;
        }

        var results = new ScoreResult?[given.Count];
        var found = Enumerable.Range(0, given.Count).Where(i => calls[given[i].ReceiptId] is not null);
        foreach (var group in found.GroupBy(i => calls[given[i].ReceiptId]!.DetectorIn(workspace)))
        {
            int[] places = [.. group];
            ScoreRecord[] records = [.. places.Select(i => Record(workspace, given[i], calls[given[i].ReceiptId]!, now))];
            var stored = await StoreAsync(group.Key, records, now, cancellationToken);
            for (var i = 0; i < places.Length; i++)
                results[places[i]] = stored[i];
        }

        foreach (var bad in given.Where(static score => score.Source == ScoreSource.User && score.Millionths < ScoreRecord.One / 2))
            await ForgetAsync(workspace, calls[bad.ReceiptId]?.CacheKey, cancellationToken);
        return results;
    }

    /// <summary>Stores a shadow pair under the call's receipt: the treated answer's score, with the control's as a note.</summary>
    /// <param name="detector">The detector that asked for the pair.</param>
    /// <param name="call">The call.</param>
    /// <param name="keyId">The key that made it.</param>
    /// <param name="pair">Both scores.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task ScorePairAsync(DetectorKey detector, ReceiptId call, string keyId, ScorePair pair, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var record = new ScoreRecord
        {
            Workspace = detector.Workspace,
            ReceiptId = call,
            KeyId = keyId,
            RuleId = detector.RuleId,
            Tag = detector.Tag,
            Strength = detector.Strength,
            Arm = "treated",
            Source = Name(ScoreSource.Shadow),
            Millionths = pair.Treated,
            Note = $"control={(decimal)pair.Control / ScoreRecord.One}",
            CreatedAt = now,
        };
        var fold = new DetectorFold();
        await store.ScoreAsync(
            detector,
            [record],
            (state, _) => fold.Run(state, Detectors.Parse(detector.Strength), now, known => known.Apply(pair, now)),
            cancellationToken);
        Took(detector, fold);
    }

    /// <summary>Resumes a rule by hand; <c>false</c>: there is nothing to resume.</summary>
    public async Task<bool> ResumeAsync(DetectorKey detector, string actor, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var fold = new DetectorFold();
        var change = await store.ChangeAsync(detector, actor, state => fold.RunIfChanged(state, now, known => known.ResumeByHand(now)), cancellationToken);
        Took(detector, fold);
        return change is not null;
    }

    /// <summary>Lets a rest end that is over.</summary>
    public async Task AdvanceAsync(DetectorKey detector, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var fold = new DetectorFold();
        await store.ChangeAsync(detector, DetectorKey.AuditActor, state => fold.RunIfChanged(state, now, known => known.Advance(now)), cancellationToken);
        Took(detector, fold);
    }

    // What a user finds bad is not given to the next one. A store that is away forgets it by its expiry.
    private async ValueTask ForgetAsync(string workspace, string? cacheKey, CancellationToken cancellationToken)
    {
        if (CacheDigest.TryParse(cacheKey, out var digest))
            await answers.ForgetAsync(new AnswerKey(workspace, digest), cancellationToken);
    }

    /// <summary>For example <c>user</c>.</summary>
    public static string Name(ScoreSource source) => source.ToString().ToLowerInvariant();

    private async Task<IReadOnlyList<ScoreResult>> StoreAsync(
        DetectorKey? detector, IReadOnlyList<ScoreRecord> records, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var fold = new DetectorFold();
        var results = await store.ScoreAsync(
            detector,
            records,
            (state, fresh) => fold.Run(state, Detectors.Parse(detector?.Strength), now, known => ApplyAll(known, fresh, now)),
            cancellationToken);
        if (detector is not null)
            Took(detector, fold);
        return results;
    }

    private static DetectorStep ApplyAll(DetectorState state, IReadOnlyList<ScoreRecord> fresh, DateTimeOffset now)
    {
        var step = new DetectorStep(state, []);
        foreach (var record in fresh)
        {
            var score = new Score(SourceOf(record), ArmOf(record), record.Millionths, record.KeyId, record.ReceiptId.CreatedAt);
            step = step.Then(step.State.Apply(score, now));
        }

        return step;
    }

    private void Took(DetectorKey detector, DetectorFold fold)
    {
        if (fold.Summary.Length == 0)
            return;

        detectors.Set(detector, fold.Summary);
        if (fold.Transitions.Count > 0)
            notices.Publish();
        foreach (var transition in fold.Transitions)
        {
            metrics.Count(transition);
            LogTransition(
                detector.Id, detector.RuleId, detector.Tag, detector.Strength, transition.To, transition.Reason, transition.DropPercent, transition.Count, transition.Statistic);
        }
    }

    private static ScoreRecord Record(string workspace, GivenScore given, ScoredCall call, DateTimeOffset now) => new()
    {
        Workspace = workspace,
        ReceiptId = given.ReceiptId,
        KeyId = call.KeyId,
        RuleId = call.RuleId,
        Tag = call.Tag,
        Strength = call.IsWatched ? Detectors.Name(call.Strength) : null,
        Arm = call.ArmName,
        Source = Name(given.Source),
        Millionths = given.Millionths,
        Note = given.Note,
        CreatedAt = now,
    };

    private static ScoreSource SourceOf(ScoreRecord record) => Enum.Parse<ScoreSource>(record.Source, ignoreCase: true);

    private static Arm ArmOf(ScoreRecord record) => Enum.Parse<Arm>(record.Arm, ignoreCase: true);

    [LoggerMessage(411, LogLevel.Information, "Watchdog {DetectorId} (rule {RuleId}, tag \"{Tag}\", {Strength}) is {Phase} ({Reason}): drop {DropPercent:0.#} %, n {Count}, statistic {Statistic:0.##}.")]
    private partial void LogTransition(
        string detectorId, string ruleId, string tag, string strength, DetectorPhase phase, TransitionReason reason, double dropPercent, long count, double statistic);
}
