using System.Globalization;
using System.Text;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using NUnit.Framework;

namespace Gateway.Tests.Book;

/// <summary>What every store of scores promises.</summary>
internal abstract class ScoreStoreContract
{
    private static readonly DateTimeOffset Start = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
    protected static readonly DetectorKey Detector = new("ws_default", "rule_a", "chat", "medium");

    private protected IScoreStore Store { get; private set; } = null!; // Set before each test.

    private protected IResourceStore Resources => (IResourceStore)Store;

    private protected abstract Task<IScoreStore> OpenStoreAsync();

    private protected abstract Task CloseStoreAsync();

    private protected abstract Task<long> ScalarAsync(string sql);

    [SetUp]
    public async Task OpenAsync() => Store = await OpenStoreAsync();

    [TearDown]
    public Task CloseAsync() => CloseStoreAsync();

    [Test]
    public async Task A_score_is_stored_once_and_another_for_the_same_call_and_source_does_not_replace_it()
    {
        var score = Score() with { Note = "fine", RuleId = "rule_a", Tag = "chat", Strength = "medium" };

        var stored = await OneAsync(score);
        var again = await OneAsync(score);
        var other = await OneAsync(score with { Millionths = 1 });
        var judge = await OneAsync(score with { Source = "judge" });

        Assert.That(((ScoreResult.Stored)stored).Replayed, Is.False);
        Assert.That(again, Is.EqualTo(new ScoreResult.Stored(((ScoreResult.Stored)stored).Score, Replayed: true)));
        Assert.That(other, Is.EqualTo(new ScoreResult.AlreadyScored(((ScoreResult.Stored)stored).Score)));
        Assert.That(judge, Is.InstanceOf<ScoreResult.Stored>());
        Assert.That(((ScoreResult.Stored)stored).Score, Is.EqualTo(score with { Id = ((ScoreResult.Stored)stored).Score.Id }));
        Assert.That(await ScalarAsync("select count(*) from score"), Is.EqualTo(2));
        Assert.That(await CountedAsync(), Is.EqualTo(2));
    }

    [Test]
    public async Task A_score_without_a_detector_is_kept_and_feeds_none()
    {
        var results = await Store.ScoreAsync(null, [Score()], static (_, _) => throw new InvalidOperationException("There is no detector."), default);

        Assert.That(results.Single(), Is.InstanceOf<ScoreResult.Stored>());
        Assert.That((await Store.ListDetectorsAsync(null, 10, null, default)).Data, Is.Empty);
    }

    [Test]
    public async Task Of_a_batch_only_what_is_new_reaches_the_detector()
    {
        var known = Score();
        await OneAsync(known);
        var fresh = 0;

        var results = await Store.ScoreAsync(
            Detector,
            [Score(), known, Score(), known with { Millionths = 3 }],
            (state, scores) =>
            {
                fresh = scores.Count;
                return Count(state, scores);
            },
            default);

        Assert.That(fresh, Is.EqualTo(2));
        Assert.That(results.Select(static result => result is ScoreResult.Stored { Replayed: false }), Is.EqualTo(new[] { true, false, true, false }));
        Assert.That(results[3], Is.InstanceOf<ScoreResult.AlreadyScored>());
        Assert.That(await CountedAsync(), Is.EqualTo(3));
    }

    [Test]
    public async Task Fifty_parallel_scores_of_one_detector_lose_none()
    {
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => OneAsync(Score()))));

        Assert.That(await CountedAsync(), Is.EqualTo(50));
        Assert.That(await ScalarAsync("select count(*) from score"), Is.EqualTo(50));
        Assert.That((await Store.FindDetectorAsync(Detector.Id, default))?.Version, Is.EqualTo(50));
    }

    [Test]
    public async Task Fifty_parallel_tries_at_one_score_count_once()
    {
        var score = Score();

        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => OneAsync(score))));

        Assert.That(results.Count(static result => result is ScoreResult.Stored { Replayed: false }), Is.EqualTo(1));
        Assert.That(results.Count(static result => result is ScoreResult.Stored { Replayed: true }), Is.EqualTo(49));
        Assert.That(await CountedAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task Batches_with_the_same_calls_in_opposite_order_do_not_lock_each_other()
    {
        ScoreRecord[] scores = [.. Enumerable.Range(0, 20).Select(static _ => Score())];

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() =>
            Store.ScoreAsync(null, [.. i % 2 == 0 ? scores : scores.Reverse()], static (state, fresh) => Count(state, fresh), default))));

        Assert.That(results.SelectMany(static batch => batch).Count(static result => result is ScoreResult.Stored { Replayed: false }), Is.EqualTo(20));
        Assert.That(await ScalarAsync("select count(*) from score"), Is.EqualTo(20));
    }

    [Test]
    public async Task A_fold_that_fails_leaves_no_score_behind()
    {
        Assert.That(
            () => Store.ScoreAsync(Detector, [Score()], static (_, _) => throw new FormatException("broken"), default), Throws.TypeOf<FormatException>());

        Assert.That(await ScalarAsync("select count(*) from score"), Is.Zero);
        Assert.That((await Store.ListDetectorsAsync(null, 10, null, default)).Data, Is.Empty);
    }

    [Test]
    public async Task A_transition_leaves_an_audit_record_with_what_was_before_and_after()
    {
        await Store.ScoreAsync(Detector, [Score()], static (state, scores) => Count(state, scores) with { Transitions = [(null, "1"u8.ToArray()), ("1"u8.ToArray(), "2"u8.ToArray())] }, default);
        await OneAsync(Score());

        var audit = (await Resources.ListAuditAsync("ws_default", 10, null, default)).Data;

        Assert.That(audit.Select(static record => (record.Actor, record.Action, record.Kind)), Is.EqualTo(new[] { ("watchdog", "update", "watchdog"), ("watchdog", "create", "watchdog") }));
        Assert.That(audit[0].ResourceId, Is.EqualTo(Detector.Id));
        Assert.That((audit[0].Before, audit[0].After), Is.EqualTo(("1"u8.ToArray(), "2"u8.ToArray())));
        Assert.That(audit[1].Before, Is.Null);
    }

    [Test]
    public async Task A_detector_is_changed_without_a_score_by_whom_it_says()
    {
        Assert.That(await Store.ChangeAsync(Detector, "key_op", static _ => throw new InvalidOperationException("There is none."), default), Is.Null);
        await OneAsync(Score());

        var unchanged = await Store.ChangeAsync(Detector, "key_op", static _ => null, default);
        var changed = await Store.ChangeAsync(
            Detector, "key_op", static state => new DetectorChange(state, "{}"u8.ToArray(), [("1"u8.ToArray(), "2"u8.ToArray())]), default);

        Assert.That((unchanged, changed?.Summary), Is.EqualTo(((DetectorChange?)null, "{}"u8.ToArray())));
        var found = await Store.FindDetectorAsync(Detector.Id, default);
        Assert.That((found!.Key, found.Version), Is.EqualTo((Detector, 2L)));
        Assert.That(found.Summary, Is.EqualTo("{}"u8.ToArray()));
        Assert.That((await Resources.ListAuditAsync(null, 10, null, default)).Data.Single().Actor, Is.EqualTo("key_op"));
        Assert.That(await Store.FindDetectorAsync("wd_none", default), Is.Null);
    }

    [Test]
    public async Task Scores_are_listed_newest_first_and_detectors_by_id_page_by_page_and_by_tenant()
    {
        ScoreRecord[] scores = [Score(), Score(), Score()];
        foreach (var score in scores)
            await OneAsync(score);
        await Store.ScoreAsync(new DetectorKey("ws_other", "rule_a", "", "light"), [Score() with { Workspace = "ws_other" }], static (state, fresh) => Count(state, fresh), default);

        var first = await Store.ListScoresAsync("ws_default", 2, null, default);
        var second = await Store.ListScoresAsync("ws_default", 2, first.NextCursor, default);
        var detectors = await Store.ListDetectorsAsync(null, 1, null, default);
        var rest = await Store.ListDetectorsAsync(null, 1, detectors.NextCursor, default);

        Assert.That(first.Data.Concat(second.Data).Select(static score => score.ReceiptId), Is.EqualTo(scores.Reverse().Select(static score => score.ReceiptId)));
        Assert.That(second.NextCursor, Is.Null);
        Assert.That(detectors.Data.Concat(rest.Data).Select(static detector => detector.Key.Workspace), Is.EquivalentTo(new[] { "ws_default", "ws_other" }));
        Assert.That((await Store.ListDetectorsAsync("ws_other", 10, null, default)).Data.Single().Key.Strength, Is.EqualTo("light"));
    }

    [TestCase(0)]
    [TestCase(ScoreRecord.One)]
    public async Task A_score_is_from_nought_to_one(long edge)
    {
        await OneAsync(Score() with { Millionths = edge });

        Assert.That((await Store.ListScoresAsync("ws_default", 1, null, default)).Data.Single().Millionths, Is.EqualTo(edge));
        Assert.That(() => OneAsync(Score() with { Millionths = edge == 0 ? -1 : edge + 1 }), Throws.InstanceOf<System.Data.Common.DbException>());
    }

    protected static ScoreRecord Score() => new()
    {
        Workspace = "ws_default", ReceiptId = ReceiptId.Create(Start), KeyId = "key_a", Arm = "treated", Source = "user", Millionths = 750_000, CreatedAt = Start,
    };

    protected static DetectorChange Count(byte[]? state, IReadOnlyList<ScoreRecord> scores)
    {
        var count = (state is null ? 0 : long.Parse(Encoding.UTF8.GetString(state), CultureInfo.InvariantCulture)) + scores.Count;
        var text = Encoding.UTF8.GetBytes(count.ToString(CultureInfo.InvariantCulture));
        return new DetectorChange(text, text, []);
    }

    private async Task<ScoreResult> OneAsync(ScoreRecord score) =>
        (await Store.ScoreAsync(Detector, [score], static (state, scores) => Count(state, scores), default)).Single();

    private async Task<long> CountedAsync() =>
        long.Parse(Encoding.UTF8.GetString((await Store.FindDetectorAsync(Detector.Id, default))!.Summary), CultureInfo.InvariantCulture);
}

internal sealed class SqliteScoreStoreTests : ScoreStoreContract
{
    private SqliteFile file = null!; // Set before each test.

    private protected override async Task<IScoreStore> OpenStoreAsync() => (file = await SqliteFile.OpenAsync()).Book;

    private protected override async Task CloseStoreAsync() => await file.DisposeAsync();

    private protected override Task<long> ScalarAsync(string sql) => file.ScalarAsync(sql);
}

internal sealed class PostgresScoreStoreTests : ScoreStoreContract
{
    private PostgresDatabase database = null!; // Set before each test.

    private protected override async Task<IScoreStore> OpenStoreAsync() => (database = await PostgresDatabase.OpenAsync()).Book;

    // No database: the test was skipped before there was one.
    private protected override async Task CloseStoreAsync()
    {
        if (database is not null)
            await database.DisposeAsync();
    }

    private protected override Task<long> ScalarAsync(string sql) => database.ScalarAsync(sql);

    [Test]
    public async Task Parallel_scores_at_two_gateways_lose_none_and_the_version_moves_with_transitions_alone()
    {
        await using var other = database.NewBook();
        await other.OpenAsync(default);
        var before = await other.ResourceVersionAsync(default);

        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(() =>
            (i % 2 == 0 ? Store : other).ScoreAsync(Detector, [Score()], static (state, scores) => Count(state, scores), default))));
        var quiet = await other.ResourceVersionAsync(default);
        await Store.ChangeAsync(Detector, "watchdog", static state => new DetectorChange(state, state, [("1"u8.ToArray(), "2"u8.ToArray())]), default);

        Assert.That(await ScalarAsync("select version from detector"), Is.EqualTo(51));
        Assert.That((await other.FindDetectorAsync(Detector.Id, default))!.Summary, Is.EqualTo("50"u8.ToArray()));
        Assert.That((quiet, await other.ResourceVersionAsync(default)), Is.EqualTo((before, before + 1)));
    }
}
