using Gateway.Host.Catalogue;
using Gateway.Host.Routing;
using Gateway.Tests.Fakes;
using NUnit.Framework;

namespace Gateway.Tests.Routing;

internal sealed class ChannelHealthTests
{
    private static readonly TimeSpan Break = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    private ManualTimeProvider time = null!;
    private Channel channel = null!;
    private ChannelHealth health = null!;

    [SetUp]
    public void Start()
    {
        time = new ManualTimeProvider(Routes.Start);
        channel = Routes.Channel("ch_a");
        health = Routes.Health(time, channel);
    }

    [Test]
    public void A_burst_of_failures_opens_it_for_its_break()
    {
        Report(AttemptVerdict.Failure, times: 4);
        Assert.That(IsOpen, Is.False);

        Report(AttemptVerdict.Failure);

        Assert.That(IsOpen, Is.True);
        Assert.That(TryBegin(), Is.False);
        Assert.That(health.States().Single(), Is.EqualTo(new ChannelState("ch_a", "m", CircuitPhase.Open, Routes.Start + Break, 5)));
        time.Advance(Break - Tick);
        Assert.That(TryBegin(), Is.False);
        time.Advance(Tick);
        Assert.That(health.States().Single().Phase, Is.EqualTo(CircuitPhase.HalfOpen));
        Assert.That(TryBegin(), Is.True);
    }

    [Test]
    public void Failures_among_enough_successes_open_nothing()
    {
        Report(AttemptVerdict.Success, times: 100);
        Report(AttemptVerdict.Failure, times: 99);
        Assert.That(IsOpen, Is.False);

        Report(AttemptVerdict.Failure);

        Assert.That(IsOpen, Is.True);
    }

    [Test]
    public void Failures_that_are_older_than_the_window_do_not_count()
    {
        Report(AttemptVerdict.Failure, times: 4);
        time.Advance(channel.Breaker.Window + TimeSpan.FromSeconds(1));

        Report(AttemptVerdict.Failure, times: 4);

        Assert.That(IsOpen, Is.False);
    }

    [Test]
    public void The_limits_are_the_channels_own()
    {
        channel = channel with { Breaker = new ChannelBreaker { FailureRatio = 1, MinimumCalls = 2, Break = TimeSpan.FromMinutes(10) } };
        health = Routes.Health(time, channel);
        Report(AttemptVerdict.Success);
        Report(AttemptVerdict.Failure, times: 10);
        Assert.That(IsOpen, Is.False);

        time.Advance(channel.Breaker.Window + TimeSpan.FromSeconds(2));
        Report(AttemptVerdict.Failure, times: 2);

        Assert.That(health.States().Single().OpenUntil, Is.EqualTo(time.GetUtcNow() + TimeSpan.FromMinutes(10)));
    }

    [Test]
    public void A_trial_that_succeeds_closes_it()
    {
        OpenAndWait();
        Assert.That(TryBegin(), Is.True);
        Assert.That(TryBegin(), Is.False);
        Assert.That(IsOpen, Is.True);

        Report(AttemptVerdict.Success);

        Assert.That(IsOpen, Is.False);
        Assert.That(health.States().Single(), Is.EqualTo(new ChannelState("ch_a", "m", CircuitPhase.Closed, OpenUntil: null, Failures: 0)));
        Report(AttemptVerdict.Failure, times: 4);
        Assert.That(IsOpen, Is.False, "What was counted before it opened is forgotten.");
    }

    [Test]
    public void A_trial_that_fails_opens_it_again()
    {
        OpenAndWait();
        Assert.That(TryBegin(), Is.True);

        Report(AttemptVerdict.Failure);

        Assert.That(health.States().Single().OpenUntil, Is.EqualTo(time.GetUtcNow() + Break));
        Assert.That(TryBegin(), Is.False);
        time.Advance(Break);
        Assert.That(TryBegin(), Is.True);
    }

    [Test]
    public void A_trial_that_tells_nothing_leaves_the_place_to_another()
    {
        OpenAndWait();
        Assert.That(TryBegin(), Is.True);

        Report(AttemptVerdict.Neutral);

        Assert.That(TryBegin(), Is.True);
        Assert.That(TryBegin(), Is.False);
    }

    [Test]
    public void A_trial_that_is_never_reported_is_given_up()
    {
        OpenAndWait();
        Assert.That(TryBegin(), Is.True);

        time.Advance(channel.ConnectTimeout + channel.FirstByteTimeout - Tick);
        Assert.That(TryBegin(), Is.False);
        time.Advance(Tick);

        Assert.That(TryBegin(), Is.True);
    }

    [Test]
    public void Of_a_hundred_threads_one_gets_the_trial()
    {
        for (var round = 0; round < 50; round++)
        {
            OpenAndWait();
            var begun = 0;
            using var ready = new Barrier(100);
            var threads = Enumerable.Range(0, 100).Select(_ => new Thread(() =>
            {
                ready.SignalAndWait();
                if (TryBegin())
                    Interlocked.Increment(ref begun);
            })).ToList();
            threads.ForEach(static thread => thread.Start());
            threads.ForEach(static thread => thread.Join());

            Assert.That(begun, Is.EqualTo(1));
            Report(AttemptVerdict.Success);
        }
    }

    [Test]
    public void Reports_of_many_threads_are_all_counted()
    {
        channel = channel with { Breaker = new ChannelBreaker { FailureRatio = 1, MinimumCalls = 1_000, Window = TimeSpan.FromMinutes(10) } };
        health = Routes.Health(time, channel);

        Parallel.For(0, 999, _ => Report(AttemptVerdict.Failure));
        Assert.That(IsOpen, Is.False);
        Report(AttemptVerdict.Failure);

        Assert.That(IsOpen, Is.True);
    }

    [Test]
    public void Verdicts_of_calls_that_began_before_it_opened_change_nothing()
    {
        Report(AttemptVerdict.Failure, times: 5);
        time.Advance(TimeSpan.FromSeconds(1));

        Report(AttemptVerdict.Success);
        Report(AttemptVerdict.Failure, times: 5);

        Assert.That(health.States().Single().OpenUntil, Is.EqualTo(Routes.Start + Break));
        Assert.That(TryBegin(), Is.False);
    }

    [Test]
    public void Late_failures_of_calls_from_before_the_break_neither_end_a_trial_nor_open_it_again()
    {
        var before = Enumerable.Range(0, 20).Select(_ => Begin()).ToList();
        before.Take(5).ToList().ForEach(leave => Report(AttemptVerdict.Failure, leave));
        time.Advance(Break);
        before.Skip(5).Take(5).ToList().ForEach(leave => Report(AttemptVerdict.Failure, leave));
        var trial = Begin();

        before.Skip(10).Take(4).ToList().ForEach(leave => Report(AttemptVerdict.Failure, leave));
        Report(AttemptVerdict.Neutral, before[14]);
        Report(AttemptVerdict.Success, before[15]);
        Assert.That(TryBegin(), Is.False);
        Assert.That(health.States().Single().Phase, Is.EqualTo(CircuitPhase.HalfOpen));
        Report(AttemptVerdict.Success, trial);
        before.Skip(16).ToList().ForEach(leave => Report(AttemptVerdict.Failure, leave));

        Assert.That(health.States().Single(), Is.EqualTo(new ChannelState("ch_a", "m", CircuitPhase.Closed, OpenUntil: null, Failures: 0)));
    }

    [Test]
    public void A_late_429_counts_whenever_its_call_began()
    {
        var before = Begin();
        OpenAndWait();
        var trial = Begin();

        health.Report(channel, Routes.Model, AttemptVerdict.RateLimited, TimeSpan.FromSeconds(60), before);
        Report(AttemptVerdict.Success, trial);

        Assert.That(health.States().Single().OpenUntil, Is.EqualTo(time.GetUtcNow() + TimeSpan.FromSeconds(60)));
        Assert.That(TryBegin(), Is.False);
    }

    [TestCase(7, 7)]
    [TestCase(600, 600)]
    [TestCase(601, 600)]
    public void A_429_opens_it_for_as_long_as_the_upstream_asks_up_to_ten_minutes(int asked, int seconds)
    {
        Report(AttemptVerdict.Success, times: 100);

        Report(AttemptVerdict.RateLimited, TimeSpan.FromSeconds(asked));

        Assert.That(health.States().Single().OpenUntil, Is.EqualTo(Routes.Start + TimeSpan.FromSeconds(seconds)));
        time.Advance(TimeSpan.FromSeconds(seconds) - Tick);
        Assert.That(TryBegin(), Is.False);
        time.Advance(Tick);
        Assert.That(TryBegin(), Is.True);
        Assert.That(TryBegin(), Is.False);
        Report(AttemptVerdict.Success);
        Assert.That(IsOpen, Is.False);
        Assert.That(TryBegin(), Is.True);
    }

    [Test]
    public void A_trial_after_a_429_that_fails_opens_it_for_its_break()
    {
        Report(AttemptVerdict.RateLimited, TimeSpan.FromSeconds(60));
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.That(TryBegin(), Is.True);

        Report(AttemptVerdict.Failure);

        Assert.That(health.States().Single().OpenUntil, Is.EqualTo(time.GetUtcNow() + Break));
        time.Advance(Break);
        Assert.That(TryBegin(), Is.True);
        Report(AttemptVerdict.Success);
        Assert.That(IsOpen, Is.False);
    }

    [Test]
    public void Of_several_429s_the_longest_wait_counts()
    {
        Report(AttemptVerdict.RateLimited, TimeSpan.FromSeconds(60));
        Report(AttemptVerdict.RateLimited, TimeSpan.FromSeconds(10));
        Report(AttemptVerdict.Success);

        Assert.That(health.States().Single().OpenUntil, Is.EqualTo(Routes.Start + TimeSpan.FromSeconds(60)));
        Report(AttemptVerdict.RateLimited, TimeSpan.FromSeconds(90));
        Assert.That(health.States().Single().OpenUntil, Is.EqualTo(Routes.Start + TimeSpan.FromSeconds(90)));
    }

    [TestCase(null)]
    [TestCase(0)]
    [TestCase(-5)]
    public void A_429_without_a_time_is_one_failure(int? seconds)
    {
        TimeSpan? retryAfter = seconds is { } wait ? TimeSpan.FromSeconds(wait) : null;

        Report(AttemptVerdict.RateLimited, retryAfter, times: 4);
        Assert.That(IsOpen, Is.False);
        Report(AttemptVerdict.RateLimited, retryAfter);

        Assert.That(IsOpen, Is.True);
    }

    [Test]
    public void What_is_the_clients_fault_is_not_counted()
    {
        Report(AttemptVerdict.Neutral, times: 100);

        Assert.That(health.States(), Is.Empty);
        Report(AttemptVerdict.Failure, times: 4);
        Report(AttemptVerdict.Neutral, times: 100);
        Report(AttemptVerdict.Failure);
        Assert.That(IsOpen, Is.True);
    }

    [Test]
    public void Each_model_of_a_channel_has_its_own_circuit()
    {
        channel = channel with { Models = [new ChannelModel("m", null), new ChannelModel("big", "big-2026")] };
        health = Routes.Health(time, channel);

        Report(AttemptVerdict.Failure, times: 5);

        Assert.That(health.IsOpen(channel, "big-2026"), Is.False);
        Assert.That(health.StatesOf(channel).Select(static state => (state.Model, state.Phase)), Is.EqualTo(new[] { ("m", CircuitPhase.Open), ("big-2026", CircuitPhase.Closed) }));
        Assert.That(health.Summarize(), Is.EqualTo(new RoutingSummary(Closed: 1, HalfOpen: 0, Open: 1)));
        Assert.That(health.Summarize().IsDegraded, Is.True);
    }

    [Test]
    public void A_channel_that_leaves_the_catalogue_is_forgotten()
    {
        Report(AttemptVerdict.Failure, times: 5);

        health.Update(new CatalogueSnapshot([channel with { Enabled = false }], []));

        Assert.That(health.States(), Is.Empty);
        Report(AttemptVerdict.Failure, times: 5);
        Assert.That(health.States(), Is.Empty, "A call in flight does not bring it back.");
        Assert.That(TryBegin(), Is.True);
    }

    [Test]
    public void Another_credential_or_address_begins_anew_and_another_name_does_not()
    {
        Report(AttemptVerdict.Failure, times: 5);

        health.Update(new CatalogueSnapshot([channel with { Name = "renamed", Weight = 7 }], []));
        Assert.That(IsOpen, Is.True);
        health.Update(new CatalogueSnapshot([channel with { ApiKey = "sk-repaired" }], []));

        Assert.That(IsOpen, Is.False);
    }

    [Test]
    public void Bad_probes_open_every_model_and_a_good_one_closes_them()
    {
        channel = channel with { Models = [new ChannelModel("m", null), new ChannelModel("n", null)], ProbePath = "/models" };
        health = Routes.Health(time, channel);

        health.Probed("ch_a", isAlive: false);

        Assert.That(health.Summarize().Open, Is.EqualTo(2));
        Assert.That(health.States()[0].OpenUntil, Is.EqualTo(Routes.Start + (3 * channel.ProbeInterval)));
        health.Probed("ch_a", isAlive: true);
        Assert.That(health.Summarize().Closed, Is.EqualTo(2));
    }

    [Test]
    public void Bad_news_of_probes_that_stopped_ends_in_a_trial()
    {
        health.Probed("ch_a", isAlive: false);
        time.Advance(3 * channel.ProbeInterval);

        Assert.That(health.States().Single().OpenUntil, Is.EqualTo(time.GetUtcNow()));
        Assert.That(TryBegin(), Is.True);
        Assert.That(TryBegin(), Is.False);
    }

    [TestCase((int)AttemptVerdict.Unreachable, false)]
    [TestCase((int)AttemptVerdict.Failure, true)]
    public void A_good_probe_closes_what_connections_opened_and_not_what_answers_did(int verdict, bool stays)
    {
        Report((AttemptVerdict)verdict, times: 5);

        health.Probed("ch_a", isAlive: true);

        Assert.That(IsOpen, Is.EqualTo(stays));
    }

    [Test]
    public void One_bad_answer_among_lost_connections_is_enough_to_stay_open()
    {
        Report(AttemptVerdict.Failure);
        Report(AttemptVerdict.Unreachable, times: 4);

        health.Probed("ch_a", isAlive: true);

        Assert.That(IsOpen, Is.True);
    }

    [Test]
    public void No_probe_ends_the_wait_after_a_429()
    {
        Report(AttemptVerdict.RateLimited, TimeSpan.FromSeconds(60));

        health.Probed("ch_a", isAlive: true);
        Assert.That(IsOpen, Is.True);
        health.Probed("ch_a", isAlive: false);
        health.Probed("ch_a", isAlive: true);

        Assert.That(IsOpen, Is.True);
        Assert.That(health.States().Single().OpenUntil, Is.EqualTo(Routes.Start + TimeSpan.FromSeconds(60)));
    }

    [Test]
    public void Probes_of_unknown_channels_are_ignored()
    {
        health.Probed("ch_gone", isAlive: false);

        Assert.That(health.States(), Is.Empty);
    }

    private bool IsOpen => health.IsOpen(channel, Routes.Model);

    private bool TryBegin() => health.TryBegin(channel, Routes.Model);

    private Leave Begin()
    {
        Assert.That(health.TryBegin(channel, Routes.Model, out var leave), Is.True);
        return leave;
    }

    private void Report(AttemptVerdict verdict, Leave leave) => health.Report(channel, Routes.Model, verdict, retryAfter: null, leave);

    private void Report(AttemptVerdict verdict, int times) => Report(verdict, retryAfter: null, times);

    private void Report(AttemptVerdict verdict, TimeSpan? retryAfter = null, int times = 1)
    {
        for (var i = 0; i < times; i++)
            health.Report(channel, Routes.Model, verdict, retryAfter);
    }

    private void OpenAndWait()
    {
        Report(AttemptVerdict.Failure, times: 5);
        time.Advance(Break);
    }
}
