using System.Diagnostics.Metrics;
using Gateway.Host.Watchdog;
using Gateway.Ledger.Book;
using Gateway.Tests.Book;
using Gateway.Tests.Fakes;
using Gateway.Transforms.Compression;
using Gateway.Transforms.Watchdog;
using NUnit.Framework;

namespace Gateway.Tests.Watchdog;

/// <summary>Who is compressed, before and after scores, on a real store.</summary>
internal sealed class WatchdogAdvisorTests
{
    private static readonly StrengthAdvice Paused = new(Strength.Off, Arm.Paused);

    private SqliteFile file = null!; // This one and those below: set before each test.
    private PostingLedger ledger = null!;
    private ManualTimeProvider time = null!;
    private WatchdogGateway gateway = null!;
    private ulong nextUnit;

    [SetUp]
    public async Task Start()
    {
        nextUnit = 1;
        time = new ManualTimeProvider(DateTimeOffset.UtcNow);
        file = await SqliteFile.OpenAsync(time);
        ledger = new PostingLedger();
        gateway = await WatchdogGateway.StartAsync(file.Book, ledger, time: time);
    }

    [TearDown]
    public async Task Stop()
    {
        await gateway.DisposeAsync();
        await file.DisposeAsync();
    }

    [Test]
    public async Task Nobody_is_held_out_before_scores_come_and_one_in_ten_conversations_from_then_on()
    {
        var before = Arms(1000);

        await gateway.SendAsync("POST", "/api/evals", Score("none"));
        var after = Arms(4000);

        Assert.That(before, Is.EqualTo(new Dictionary<Arm, int> { [Arm.None] = 1000 }));
        Assert.That(after.Keys, Is.EquivalentTo(new[] { Arm.Treated, Arm.Control }));
        Assert.That(after[Arm.Control], Is.InRange(320, 480), "4000 conversations, four standard deviations");
    }

    [Test]
    public async Task A_conversation_stays_on_its_arm_whatever_the_gateway()
    {
        await gateway.SendAsync("POST", "/api/evals", Score("none"));
        await using var other = await WatchdogGateway.StartAsync(file.Book, ledger, time: time);

        var here = Enumerable.Range(0, 500).Select(i => gateway.Advise((ulong)i)).ToArray();
        time.Advance(TimeSpan.FromHours(3));
        var there = Enumerable.Range(0, 500).Select(i => other.Advise((ulong)i)).ToArray();

        Assert.That(there, Is.EqualTo(here));
    }

    [Test]
    public async Task Another_rule_or_tenant_holds_out_other_conversations()
    {
        await gateway.SendAsync("POST", "/api/evals", Score("none"));
        var hash = gateway.Service<UnitHash>();
        var unit = new ConversationUnit(UnitKind.Conversation, 7);

        var places = new[] { ("ws_default", "rule_c"), ("ws_default", "rule_d"), ("ws_other", "rule_c") }
            .Select(pair => hash.Of(new CompressSubject(pair.Item1, pair.Item2, "", unit, Strength.Medium)));

        Assert.That(places, Is.Unique);
    }

    [Test]
    public void A_slot_is_one_unit_for_five_minutes_and_another_afterwards()
    {
        var hash = gateway.Service<UnitHash>();
        var slot = new CompressSubject("ws_default", "rule_c", "", new ConversationUnit(UnitKind.Slot, 7), Strength.Medium);
        var conversation = slot with { Unit = new ConversationUnit(UnitKind.Conversation, 7) };
        time.Advance(TimeSpan.FromSeconds(UnitHash.SlotSeconds - (time.GetUtcNow().ToUnixTimeSeconds() % UnitHash.SlotSeconds)));
        var (first, talk) = (hash.Of(slot), hash.Of(conversation));

        time.Advance(TimeSpan.FromSeconds(298));
        var same = hash.Of(slot);
        time.Advance(TimeSpan.FromSeconds(2));

        Assert.That(same, Is.EqualTo(first));
        Assert.That(hash.Of(slot), Is.Not.EqualTo(first));
        Assert.That(hash.Of(conversation), Is.EqualTo(talk));
    }

    [Test]
    public async Task A_pause_is_for_new_conversations_and_running_ones_keep_their_strength_until_they_were_idle()
    {
        await gateway.SendAsync("POST", "/api/evals", Score("none"));
        var treated = UnitOn(Arm.Treated);

        await gateway.ScoreAsync(ledger, buckets: 40, rightOfTen: 8);
        Assert.That(Detector().Phase, Is.EqualTo(DetectorPhase.Paused));
        var fresh = gateway.Advise(nextUnit++);
        var running = gateway.Advise(treated);
        time.Advance(TimeSpan.FromMinutes(9));
        var still = gateway.Advise(treated);
        time.Advance(TimeSpan.FromMinutes(10));
        var idle = gateway.Advise(treated);

        Assert.That(Detector().PausesRunning, Is.False, "a drop of 20 %");
        Assert.That((fresh, idle), Is.EqualTo((Paused, Paused)));
        Assert.That((running, still), Is.EqualTo((new StrengthAdvice(Strength.Medium, Arm.Treated), new StrengthAdvice(Strength.Medium, Arm.Treated))));
    }

    [Test]
    public async Task A_drop_of_thirty_percent_pauses_running_conversations_at_once_and_a_resume_by_hand_resumes_them_at_once()
    {
        await gateway.SendAsync("POST", "/api/evals", Score("none"));
        var (treated, control) = (UnitOn(Arm.Treated), UnitOn(Arm.Control));

        await gateway.ScoreAsync(ledger, buckets: 10, rightOfTen: 4);
        var (paused, held) = (gateway.Advise(treated), gateway.Advise(control));
        var id = (await file.Book.ListDetectorsAsync(null, 1, null, default)).Data.Single().Key.Id;
        await gateway.SendAsync("POST", $"/api/evals/watchdog/{id}/resume");

        Assert.That(paused, Is.EqualTo(Paused));
        Assert.That(held.Strength, Is.EqualTo(Strength.Off));
        Assert.That(gateway.Advise(treated), Is.EqualTo(new StrengthAdvice(Strength.Medium, Arm.Treated)));
        Assert.That(gateway.Advise(control), Is.EqualTo(new StrengthAdvice(Strength.Off, Arm.Control)));
    }

    [Test]
    public async Task Suspicion_holds_out_half_of_the_new_conversations_and_moves_no_running_one()
    {
        await gateway.SendAsync("POST", "/api/evals", Score("none"));
        var running = Enumerable.Range(0, 300).Select(i => (Unit: (ulong)i + 1_000_000, Advice: gateway.Advise((ulong)i + 1_000_000))).ToArray();

        for (var i = 0; i < 60 && Detector().Phase is not (DetectorPhase.Suspect or DetectorPhase.Warn); i++)
            await gateway.ScoreAsync(ledger, buckets: 1, rightOfTen: 8);
        var arms = Arms(1000);

        Assert.That(Detector().HoldOut, Is.EqualTo(0.5));
        Assert.That(arms[Arm.Control], Is.InRange(430, 570));
        Assert.That(running.Select(pair => gateway.Advise(pair.Unit)), Is.EqualTo(running.Select(static pair => pair.Advice)));
    }

    [Test]
    public async Task A_pause_survives_a_restart_and_ends_in_a_probe_whose_pairs_resume_it_one_strength_lower()
    {
        await gateway.ScoreAsync(ledger, buckets: 10, rightOfTen: 4);
        await gateway.DisposeAsync();
        gateway = await WatchdogGateway.StartAsync(file.Book, ledger, time: time);
        var restarted = gateway.Advise(nextUnit++);

        var clock = new WatchdogClock(gateway.Detectors, gateway.Service<Scoring>(), time, new Microsoft.Extensions.Logging.Abstractions.NullLogger<WatchdogClock>());
        time.Advance(TimeSpan.FromMinutes(59));
        await clock.LookAsync(default);
        var resting = Detector().Phase;
        time.Advance(TimeSpan.FromMinutes(1));
        await clock.LookAsync(default);
        var probing = Detector().Phase;
        var advice = gateway.Advise(nextUnit++);
        var key = new DetectorKey("ws_default", WatchdogGateway.Rule, "", "medium");
        for (var i = 0; i < 200 && Detector().Phase == DetectorPhase.Probe; i++)
            await gateway.Service<Scoring>().ScorePairAsync(key, Gateway.Ledger.ReceiptId.Create(time.GetUtcNow()), "key_a", new ScorePair(900_000, 900_000, time.GetUtcNow()), default);

        Assert.That((restarted, resting, probing, advice), Is.EqualTo((Paused, DetectorPhase.Paused, DetectorPhase.Probe, Paused)));
        Assert.That((Detector().Phase, Detector().Serves), Is.EqualTo((DetectorPhase.Active, Strength.Light)));
        Assert.That(gateway.Advise(nextUnit++), Is.EqualTo(new StrengthAdvice(Strength.Light, Arm.None)), "light has a detector of its own, which knows nothing yet");
        Assert.That(gateway.Advise(nextUnit++, Strength.Aggressive), Is.EqualTo(new StrengthAdvice(Strength.Aggressive, Arm.None)), "another strength is another experiment");
    }

    [Test]
    public async Task A_control_of_a_strength_that_was_stepped_down_from_is_compared_with_the_lower_one()
    {
        var key = new DetectorKey("ws_default", WatchdogGateway.Rule, "", "medium");
        var state = DetectorState.New(Strength.Medium, time.GetUtcNow()) with { Serves = Strength.Light, Phase = DetectorPhase.Active, Changes = 1 };
        await file.Book.ScoreAsync(
            key, [Record()], (_, _) => new DetectorChange(DetectorJson.Write(state), System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(DetectorSummary.Of(state), DetectorJson.Options), []), default);
        await gateway.Detectors.ReloadAsync(default);

        var answer = await gateway.SendAsync("POST", "/api/evals", Score("control"));

        Assert.That(answer.Body["strength"]!.GetValue<string>(), Is.EqualTo("light"));
        Assert.That(gateway.Detectors.Find("ws_default", WatchdogGateway.Rule, "", Strength.Light)!.HoldOut, Is.EqualTo(0.1));
    }

    [Test]
    public async Task A_dry_run_advises_and_remembers_nothing()
    {
        gateway.Advise(1, dryRun: true);
        await gateway.SendAsync("POST", "/api/evals", Score("none"));

        Assert.That(gateway.Service<RunningConversations>().Count, Is.Zero);
        Assert.That(gateway.Advise(1, dryRun: true).Arm, Is.Not.EqualTo(Arm.None));
    }

    [Test]
    public async Task Tags_have_detectors_of_their_own()
    {
        await gateway.ScoreAsync(ledger, buckets: 10, rightOfTen: 4, tag: "chat");

        Assert.That(gateway.Advise(nextUnit++, tag: "chat"), Is.EqualTo(Paused));
        Assert.That(gateway.Advise(nextUnit++, tag: "mail"), Is.EqualTo(new StrengthAdvice(Strength.Medium, Arm.None)));
    }

    [Test]
    public async Task Each_transition_is_counted()
    {
        var counted = new List<string>();
        using var listener = new MeterListener();
        var meters = gateway.Service<WatchdogMetrics>();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == WatchdogMetrics.Transitions && instrument.Meter.Name == "Gateway")
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            lock (counted)
                counted.Add($"{value} {tags[0].Value}-{tags[1].Value}");
        });
        listener.Start();

        meters.Count(new WatchdogTransition(DetectorPhase.Active, DetectorPhase.Paused, TransitionReason.Statistic, default, 0, 0, 0, 0, 0));
        await gateway.SendAsync("POST", "/api/evals", Score("none"));

        Assert.That(counted, Does.Contain("1 active-paused").And.Contain("1 none-warmup"));
    }

    [Test]
    public void Memory_of_running_conversations_is_bounded_and_forgets_the_idle()
    {
        var running = new RunningConversations(time);
        var treatment = new Treatment(Strength.Medium, Arm.Treated, Strength.Medium, 0);
        for (var i = 0UL; i < 3 * RunningConversations.Capacity; i++)
            running.Remember(i, Strength.Medium, treatment);

        Assert.That(running.Count, Is.EqualTo(2 * RunningConversations.Capacity));
        Assert.That(running.Find(0, Strength.Medium), Is.Null, "the oldest went first");
        Assert.That(running.Find((3 * RunningConversations.Capacity) - 1, Strength.Medium), Is.Not.Null);
        Assert.That(running.Find((3 * RunningConversations.Capacity) - 1, Strength.Light), Is.Null, "the rule was edited");
        time.Advance(RunningConversations.Idle - TimeSpan.FromTicks(1));
        Assert.That(running.Find((3 * RunningConversations.Capacity) - 1, Strength.Medium), Is.Not.Null);
        time.Advance(TimeSpan.FromTicks(1));
        Assert.That(running.Find((3 * RunningConversations.Capacity) - 1, Strength.Medium), Is.Null);
    }

    private string Score(string arm) => $$"""{"receiptId":"{{WatchdogGateway.Receipt(ledger, arm)}}","source":"user","score":1}""";

    private static ScoreRecord Record() => new()
    {
        Workspace = "ws_default", ReceiptId = Gateway.Ledger.ReceiptId.Create(DateTimeOffset.UtcNow), KeyId = "key_a", Arm = "none", Source = "user", Millionths = 0, CreatedAt = DateTimeOffset.UtcNow,
    };

    private DetectorSummary Detector() => gateway.Detectors.Find("ws_default", WatchdogGateway.Rule, "", Strength.Medium)!;

    private ulong UnitOn(Arm arm)
    {
        for (var i = 0; i < 10_000; i++)
        {
            var unit = nextUnit++;
            if (gateway.Advise(unit).Arm == arm)
                return unit;
        }

        throw new InvalidOperationException($"No conversation is {arm}.");
    }

    private Dictionary<Arm, int> Arms(int count) =>
        Enumerable.Range(0, count).GroupBy(_ => gateway.Advise(nextUnit++).Arm).ToDictionary(static group => group.Key, static group => group.Count());
}
