using Gateway.Transforms.Compression;
using Gateway.Transforms.Watchdog;
using NUnit.Framework;

namespace Gateway.Tests.Watchdog;

internal sealed class DetectorStateTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    [Test]
    public void Nothing_is_held_out_before_the_first_score_and_a_tenth_from_then_on()
    {
        var fresh = DetectorState.New(Strength.Medium, Start);

        var step = fresh.Apply(Score(Arm.None, 1), Start);

        Assert.That((fresh.HoldOut, step.State.HoldOut), Is.EqualTo((0, 0.1)));
        Assert.That(step.Transitions.Single().Reason, Is.EqualTo(TransitionReason.FirstScore));
        Assert.That(step.State.Sources, Is.Empty, "no experiment ran when the call was made");
        Assert.That(step.State.Apply(Score(Arm.Treated, 1), Start).Transitions, Is.Empty);
    }

    [Test]
    public void Harm_goes_from_warm_up_to_a_pause_and_each_transition_says_why()
    {
        var feed = new Feed(Strength.Medium);

        feed.Until(DetectorPhase.Paused, control: 0.9, treated: 0.66, most: 5000);

        Assert.That(feed.Transitions[0].From, Is.Null);
        Assert.That(feed.Transitions.Select(static t => t.To), Is.SupersetOf(new[] { DetectorPhase.Suspect, DetectorPhase.Paused }));
        Assert.That(feed.Transitions.Zip(feed.Transitions.Skip(1)).All(static pair => pair.First.To == pair.Second.From), Is.True);
        var pause = feed.Transitions[^1];
        Assert.That(pause.Statistic, Is.GreaterThanOrEqualTo(300));
        Assert.That(pause.DropPercent, Is.EqualTo(26.7).Within(4));
        Assert.That(pause.Count, Is.GreaterThanOrEqualTo(90));
        Assert.That(pause.Difference, Is.GreaterThan(0.1));
        Assert.That(WatchdogLimits.Windows, Does.Contain(pause.Window));
        Assert.That((feed.State.HoldOut, feed.State.PausesRunning), Is.EqualTo((0, false)));
        Assert.That(feed.State.RestsUntil, Is.EqualTo(pause.At.AddHours(1)));
    }

    [Test]
    public void A_drop_of_thirty_percent_pauses_running_conversations_too()
    {
        var feed = new Feed(Strength.Medium);

        feed.Until(DetectorPhase.Paused, control: 0.9, treated: 0.4, most: 2000);

        Assert.That(feed.State.PausesRunning, Is.True);
    }

    [Test]
    public void Suspicion_holds_out_half_and_passes_when_the_evidence_does()
    {
        var feed = new Feed(Strength.Medium);
        feed.Until(DetectorPhase.Suspect, control: 0.9, treated: 0.72, most: 5000);
        var suspected = feed.State.HoldOut;

        feed.Until(DetectorPhase.Active, control: 0.9, treated: 0.9, most: 5000);

        Assert.That((suspected, feed.State.HoldOut), Is.EqualTo((0.5, 0.1)));
    }

    [Test]
    public void A_rest_ends_after_an_hour_and_a_probe_that_does_well_resumes_one_strength_lower()
    {
        var feed = Paused(Strength.Aggressive);
        var until = feed.State.RestsUntil!.Value;

        Assert.That(feed.State.Advance(until.AddTicks(-1)).State.Phase, Is.EqualTo(DetectorPhase.Paused));
        feed.At(until);
        Assert.That(feed.State.Phase, Is.EqualTo(DetectorPhase.Probe));
        for (var i = 0; i < 29; i++)
            feed.Pair(1, 1);
        Assert.That(feed.State.Phase, Is.EqualTo(DetectorPhase.Probe), "29 pairs are too few");
        feed.Pairs(1, 1, 200);

        Assert.That((feed.State.Phase, feed.State.Serves, feed.State.Counts), Is.EqualTo((DetectorPhase.Active, Strength.Medium, false)));
        Assert.That(feed.Transitions[^1].Statistic, Is.GreaterThanOrEqualTo(20));
        Assert.That(feed.State.Apply(Score(Arm.Treated, 0, feed.Now), feed.Now).Transitions, Is.Empty, "the lower strength has its own detector");
    }

    [Test]
    public void A_probe_that_does_badly_does_not_resume_and_rests_twice_as_long_when_it_stays_undecided()
    {
        var feed = Paused(Strength.Medium);
        feed.At(feed.State.RestsUntil!.Value);

        feed.Pairs(1, 0.7, WatchdogLimits.MostProbePairs - 1);
        Assert.That(feed.State.Phase, Is.EqualTo(DetectorPhase.Probe));
        feed.Pair(1, 0.7);

        Assert.That(feed.State.Phase, Is.EqualTo(DetectorPhase.Paused));
        Assert.That(feed.Transitions[^1].Reason, Is.EqualTo(TransitionReason.Undecided));
        Assert.That(feed.State.RestsUntil - feed.Now, Is.EqualTo(TimeSpan.FromHours(2)));
    }

    [Test]
    public void Rests_double_up_to_a_day()
    {
        var feed = Paused(Strength.Medium);
        var rests = new List<double> { (feed.State.RestsUntil!.Value - feed.State.Since).TotalHours };

        for (var i = 0; i < 6; i++)
        {
            feed.At(feed.State.RestsUntil!.Value);
            feed.Pairs(1, 0.7, WatchdogLimits.MostProbePairs);
            rests.Add((feed.State.RestsUntil!.Value - feed.State.Since).TotalHours);
        }

        Assert.That(rests, Is.EqualTo(new double[] { 1, 2, 4, 8, 16, 24, 24 }));
    }

    [Test]
    public void The_third_pause_within_a_day_waits_for_a_person_who_resumes_at_the_rules_own_strength()
    {
        // Light resumes as light: there is nothing lower.
        var feed = Paused(Strength.Light);
        for (var resumes = 0; resumes < 2; resumes++)
        {
            feed.At(feed.State.RestsUntil!.Value);
            feed.Pairs(1, 1, 200, whileIn: DetectorPhase.Probe);
            Assert.That(feed.State.Counts, Is.True);
            feed.Until(DetectorPhase.Paused, control: 0.9, treated: 0.5, most: 2000);
        }

        Assert.That((feed.State.NeedsHand, feed.State.RestsUntil), Is.EqualTo((true, (DateTimeOffset?)null)));
        feed.At(feed.Now.AddDays(30));
        Assert.That(feed.State.Phase, Is.EqualTo(DetectorPhase.Paused));

        var step = feed.State.ResumeByHand(feed.Now);
        Assert.That((step.State.Phase, step.State.Serves, step.State.Edition, step.State.Rests), Is.EqualTo((DetectorPhase.Active, Strength.Light, 1, 0)));
        Assert.That(step.Transitions.Single().Reason, Is.EqualTo(TransitionReason.ByHand));
        Assert.That(step.State.ResumeByHand(feed.Now).Transitions, Is.Empty, "there is nothing to resume");
    }

    [Test]
    public void Scores_of_calls_from_before_a_pause_do_not_pause_again()
    {
        var feed = Paused(Strength.Medium);
        var called = feed.Now.AddSeconds(-1);
        var resumed = feed.State.ResumeByHand(feed.Now).State;

        for (var i = 0; i < 500; i++)
            resumed = resumed.Apply(Score(i % 2 == 0 ? Arm.Control : Arm.Treated, i % 2 == 0 ? 1 : 0, called), feed.Now).State;

        Assert.That((resumed.Phase, resumed.Sources.Length), Is.EqualTo((DetectorPhase.Active, 0)));
    }

    [TestCase(Arm.Paused)]
    [TestCase(Arm.None)]
    public void Only_treated_and_control_calls_count(Arm arm)
    {
        var state = DetectorState.New(Strength.Medium, Start).Apply(Score(arm, 0), Start).State;

        Assert.That(state.Sources, Is.Empty);
    }

    [Test]
    public void A_ring_keeps_its_newest_128_buckets()
    {
        var feed = new Feed(Strength.Medium);

        for (var i = 0; i < 129 * 10; i++)
        {
            feed.Give(Arm.Control, 1);
            feed.Give(Arm.Treated, 1);
        }

        Assert.That(feed.State.Sources.Single().Ring, Has.Length.EqualTo(WatchdogLimits.RingSize));
    }

    [Test]
    public void A_bucket_whose_control_never_comes_takes_no_more_than_a_thousand_scores()
    {
        var feed = new Feed(Strength.Medium);

        for (var i = 0; i < WatchdogLimits.MostInBucket + 1; i++)
            feed.Give(Arm.Treated, 1);

        Assert.That(feed.State.Sources.Single().Open.Treated.Count, Is.EqualTo(WatchdogLimits.MostInBucket));
    }

    [Test]
    public void A_source_that_has_been_silent_for_a_day_is_left_out()
    {
        var feed = new Feed(Strength.Medium);
        feed.Give(control: 0.9, treated: 0.9, count: 4000, ScoreSource.User);
        var healthy = feed.State.Finding;

        feed.At(feed.Now.AddHours(25));
        feed.Until(DetectorPhase.Paused, control: 0.9, treated: 0.55, most: 1000, ScoreSource.Judge);

        Assert.That(healthy.Statistic, Is.LessThan(3));
        Assert.That(feed.State.Phase, Is.EqualTo(DetectorPhase.Paused));
    }

    [Test]
    public void Two_sources_together_see_what_each_alone_would_see_later()
    {
        var alone = new Feed(Strength.Medium);
        alone.Give(control: 0.9, treated: 0.75, count: 700, ScoreSource.User);
        var both = new Feed(Strength.Medium);
        both.Give(control: 0.9, treated: 0.75, count: 700, ScoreSource.User);
        both.Give(control: 0.9, treated: 0.75, count: 700, ScoreSource.Judge);

        Assert.That(both.State.Sources, Has.Length.EqualTo(2));
        Assert.That(both.Transitions.Max(static t => t.Statistic), Is.GreaterThan(alone.Transitions.Max(static t => t.Statistic)));
    }

    [Test]
    public void Shadow_pairs_pause_without_any_score_and_without_a_hold_out()
    {
        var feed = new Feed(Strength.Medium);

        feed.Pairs(1, 0.6, 400);

        Assert.That((feed.State.Phase, feed.State.IsScored, feed.State.PausesRunning), Is.EqualTo((DetectorPhase.Paused, false, true)));
        Assert.That(feed.Transitions.Select(static t => t.To), Has.None.EqualTo(DetectorPhase.Warmup));
    }

    [Test]
    public void A_state_survives_JSON_whole()
    {
        var feed = new Feed(Strength.Medium);
        feed.Give(control: 0.9, treated: 0.8, count: 777, ScoreSource.User, key: "key_a");
        feed.Give(control: 0.9, treated: 0.8, count: 333, ScoreSource.Judge, key: "key_b");
        feed.Pairs(1, 0.9, 25);

        var json = DetectorJson.Write(feed.State);
        var read = DetectorJson.Read(json);

        Assert.That(DetectorJson.Write(read), Is.EqualTo(json));
        Assert.That(read.Sources[0].Ring, Is.EqualTo(feed.State.Sources[0].Ring));
        Assert.That(read.Pairs!.Ring, Is.EqualTo(feed.State.Pairs!.Ring));
        var next = Score(Arm.Treated, 0, feed.Now);
        Assert.That(DetectorJson.Write(read.Apply(next, feed.Now).State), Is.EqualTo(DetectorJson.Write(feed.State.Apply(next, feed.Now).State)));
        Assert.That(json, Has.Length.LessThan(20_000));
    }

    [TestCase("[1,2,3,4,5]")]
    [TestCase("[1,2,3,4,5,6,7]")]
    [TestCase("[1,2,3,4,5,0.5]")]
    [TestCase("{}")]
    public void A_bucket_that_is_no_bucket_is_refused(string bucket) =>
        Assert.That(() => System.Text.Json.JsonSerializer.Deserialize<ArmBucket>(bucket, DetectorJson.Options), Throws.InstanceOf<System.Text.Json.JsonException>());

    private static Feed Paused(Strength strength)
    {
        var feed = new Feed(strength);
        feed.Until(DetectorPhase.Paused, control: 0.9, treated: 0.5, most: 2000);
        return feed;
    }

    private static Score Score(Arm arm, double score, DateTimeOffset? at = null) =>
        new(ScoreSource.User, arm, (long)(score * ArmSums.One), "", at ?? Start);

    /// <summary>Scores a second apart, in fixed proportions instead of at random: of ten scores of a mean of 0.9, nine are 1.</summary>
    private sealed class Feed(Strength strength)
    {
        private readonly Dictionary<Arm, double> owed = [];
        private double pairsOwed;
        private int given;

        public DetectorState State { get; private set; } = DetectorState.New(strength, Start);

        public DateTimeOffset Now { get; private set; } = Start;

        public List<WatchdogTransition> Transitions { get; } = [];

        public void At(DateTimeOffset now)
        {
            Now = now;
            Take(State.Advance(now));
        }

        public void Until(DetectorPhase phase, double control, double treated, int most, ScoreSource source = ScoreSource.User)
        {
            for (var i = 0; i < most && State.Phase != phase; i++)
                Give(control, treated, 1, source);
            Assert.That(State.Phase, Is.EqualTo(phase));
        }

        // Every tenth is held out, or every second: as the state says.
        public void Give(double control, double treated, int count, ScoreSource source = ScoreSource.User, string key = "")
        {
            for (var i = 0; i < count; i++)
            {
                var every = State.HoldOut >= 0.5 ? 2 : 10;
                var arm = given++ % every == 0 ? Arm.Control : Arm.Treated;
                owed[arm] = owed.GetValueOrDefault(arm) + (arm == Arm.Control ? control : treated);
                var score = owed[arm] >= 0.999 ? 1 : 0;
                owed[arm] -= score;
                Give(arm, score, source, key);
            }
        }

        public void Give(Arm arm, double score, ScoreSource source = ScoreSource.User, string key = "")
        {
            Now = Now.AddSeconds(1);
            Take(State.Apply(new Score(source, arm, (long)(score * ArmSums.One), key, Now), Now));
        }

        public void Pairs(double control, double treated, int count, DetectorPhase? whileIn = null)
        {
            for (var i = 0; i < count && (whileIn is null || State.Phase == whileIn); i++)
            {
                pairsOwed += treated;
                var score = pairsOwed >= 0.999 ? 1 : 0;
                pairsOwed -= score;
                Pair(control, score);
            }
        }

        public void Pair(double control, double treated)
        {
            Now = Now.AddSeconds(1);
            Take(State.Apply(new ScorePair((long)(control * ArmSums.One), (long)(treated * ArmSums.One), Now), Now));
        }

        private void Take(DetectorStep step)
        {
            State = step.State;
            Transitions.AddRange(step.Transitions);
        }
    }
}
