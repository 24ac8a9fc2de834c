using System.Text;
using Gateway.Host.Keys;
using Gateway.Host.Watchdog;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Tests.Book;
using Gateway.Tests.Fakes;
using Gateway.Transforms.Compression;
using Gateway.Transforms.Watchdog;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Gateway.Tests.Watchdog;

/// <summary>Calls that are asked again both ways.</summary>
internal sealed class ShadowTests
{
    private static readonly DetectorKey Detector = new("ws_default", WatchdogGateway.Rule, "", "medium");

    private SqliteFile file = null!; // This one and those below: set before each test.
    private WatchdogGateway gateway = null!;

    [SetUp]
    public async Task Start()
    {
        file = await SqliteFile.OpenAsync();
        gateway = await WatchdogGateway.StartAsync(file.Book, new PostingLedger());
    }

    [TearDown]
    public async Task Stop()
    {
        await gateway.DisposeAsync();
        await file.DisposeAsync();
    }

    [TestCase(true, "original,original")]
    [TestCase(false, "original,compressed")]
    public async Task A_sample_costs_two_calls_and_scores_both_forms(bool answersCompressed, string asked)
    {
        var caller = new Caller { ["original"] = "a b c d", ["compressed"] = "a b x y" };
        var pairs = Pairs(caller);

        var done = await pairs.PairAsync(Sample(answersCompressed ? "a b x y" : "a b c d", answersCompressed), default);

        Assert.That(done, Is.True);
        Assert.That(string.Join(',', caller.Asked), Is.EqualTo(asked));
        var score = (await file.Book.ListScoresAsync("ws_default", 1, null, default)).Data.Single();
        Assert.That((score.Source, score.Arm, score.Millionths, score.Note), Is.EqualTo(("shadow", "treated", 500_000L, "control=1")));
        Assert.That((await file.Book.FindDetectorAsync(Detector.Id, default))!.Version, Is.EqualTo(1));
    }

    [Test]
    public async Task Answers_that_differ_between_themselves_do_not_speak_against_compression()
    {
        // As unlike as two answers of a warm model: compression changes nothing of that.
        var turns = 0;
        var caller = new Caller { Answer = _ => $"a b c {turns++} {turns++} {turns++}" };
        var pairs = Pairs(caller);

        for (var i = 0; i < 200; i++)
            await pairs.PairAsync(Sample($"a b c {turns++} {turns++} {turns++}", answersCompressed: i % 2 == 0), default);

        Assert.That(gateway.Detectors.Find("ws_default", WatchdogGateway.Rule, "", Strength.Medium)?.IsPaused, Is.False);
    }

    [Test]
    public async Task Answers_that_get_worse_pause_the_rule_without_any_feedback()
    {
        var caller = new Caller { ["original"] = "a b c d", ["compressed"] = "a x y z" };
        var pairs = Pairs(caller);

        for (var i = 0; i < 100; i++)
            await pairs.PairAsync(Sample("a b c d", answersCompressed: false), default);

        Assert.That(gateway.Detectors.Find("ws_default", WatchdogGateway.Rule, "", Strength.Medium)!.Phase, Is.EqualTo(DetectorPhase.Paused));
    }

    [Test]
    public async Task An_answer_that_does_not_come_makes_no_pair()
    {
        var caller = new Caller { ["original"] = "a" };

        Assert.That(await Pairs(caller).PairAsync(Sample("a", answersCompressed: false), default), Is.False);
        Assert.That(await file.ScalarAsync("select count(*) from score"), Is.Zero);
    }

    [Test]
    public async Task The_queue_takes_sixteen_and_a_failing_call_does_not_stop_it()
    {
        var calls = 0;
        var caller = new Caller { Answer = _ => Interlocked.Increment(ref calls) == 1 ? throw new HttpRequestException("down") : "a b" };
        using var pairs = Pairs(caller);
        var taken = Enumerable.Range(0, ShadowPairs.Capacity + 1).Select(_ => pairs.Offer(Sample("a b", answersCompressed: false))).ToArray();

        await pairs.StartAsync(default);
        for (var i = 0; i < 200 && await file.ScalarAsync("select count(*) from score") < ShadowPairs.Capacity - 1; i++)
            await Task.Delay(50);
        await pairs.StopAsync(default);

        Assert.That(taken.Count(static offered => offered), Is.EqualTo(ShadowPairs.Capacity));
        Assert.That(taken[^1], Is.False);
        Assert.That(await file.ScalarAsync("select count(*) from score"), Is.EqualTo(ShadowPairs.Capacity - 1));
    }

    [TestCase(ShadowSample.MaxBytes, true)]
    [TestCase(ShadowSample.MaxBytes + 1, false)]
    public void A_large_body_is_not_sampled(int bytes, bool fits)
    {
        using var pairs = Pairs(new Caller());

        Assert.That(pairs.Offer(Sample("a", answersCompressed: true) with { Original = new byte[bytes] }), Is.EqualTo(fits));
    }

    [TestCase(0, 0, false)]
    [TestCase(0.01, 0.0099, true)]
    [TestCase(0.01, 0.01, false)]
    [TestCase(0.9, 0.05, false)]
    [TestCase(0.9, 0.0499, true)]
    public void Calls_are_drawn_at_the_workspaces_rate_and_never_above_five_percent(double rate, double drawn, bool isSampled)
    {
        var sampling = new ShadowSampling(gateway.Detectors, () => drawn);

        var sample = sampling.Draw(Subject(), new StrengthAdvice(Strength.Medium, Arm.None), rate);

        Assert.That(sample, Is.EqualTo(isSampled ? (Detector, Strength.Medium) : ((DetectorKey, Strength)?)null));
        Assert.That(sampling.Draw(Subject() with { IsDryRun = true }, new StrengthAdvice(Strength.Medium, Arm.None), rate), Is.Null);
    }

    [Test]
    public void A_paused_rule_is_not_sampled_and_a_probe_tries_one_strength_lower()
    {
        var sampling = new ShadowSampling(gateway.Detectors, static () => 0.019);
        var paused = new StrengthAdvice(Strength.Off, Arm.Paused);
        Set(DetectorPhase.Paused, changes: 1);
        var resting = sampling.Draw(Subject(), paused, 0.001);
        Set(DetectorPhase.Probe, changes: 2);

        Assert.That(resting, Is.Null);
        Assert.That(sampling.Draw(Subject(), paused, 0.001), Is.EqualTo((Detector, Strength.Light)));
        Assert.That(sampling.Draw(Subject(), paused, 0), Is.Null, "nobody agreed to pay for it");
    }

    private void Set(DetectorPhase phase, long changes)
    {
        var state = DetectorState.New(Strength.Medium, DateTimeOffset.UtcNow) with { Phase = phase, Changes = changes };
        gateway.Detectors.Set(Detector, System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(DetectorSummary.Of(state), DetectorJson.Options));
    }

    private static CompressSubject Subject() =>
        new("ws_default", WatchdogGateway.Rule, "", new ConversationUnit(UnitKind.Conversation, 1), Strength.Medium);

    private ShadowPairs Pairs(Caller caller) => new(caller, gateway.Service<Scoring>(), NullLogger<ShadowPairs>.Instance);

    private static ShadowSample Sample(string answer, bool answersCompressed) => new()
    {
        ReceiptId = ReceiptId.Create(DateTimeOffset.UtcNow),
        Key = new KeySnapshot
        {
            Id = "key_a", Workspace = "ws_default", Account = "acc_default", Kind = KeyKind.Inference, Limits = new KeyLimits { KeyId = "key_a" },
        },
        Model = "fake/echo-1",
        Detector = Detector,
        Original = "original"u8.ToArray(),
        Compressed = "compressed"u8.ToArray(),
        Answer = Encoding.UTF8.GetBytes(answer),
        AnswersCompressed = answersCompressed,
    };

    private sealed class Caller : Dictionary<string, string>, IShadowCaller
    {
        public List<string> Asked { get; } = [];

        public Func<string, string>? Answer { get; init; }

        public Task<ReadOnlyMemory<byte>?> CallAsync(ShadowSample sample, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
        {
            var asked = Encoding.UTF8.GetString(body.Span);
            Asked.Add(asked);
            var answer = Answer?.Invoke(asked) ?? this.GetValueOrDefault(asked);
            return Task.FromResult(answer is null ? (ReadOnlyMemory<byte>?)null : Encoding.UTF8.GetBytes(answer));
        }
    }
}
