using System.Diagnostics;
using Gateway.Host.Catalogue;
using Polly;
using Polly.CircuitBreaker;

namespace Gateway.Host.Routing;

/// <summary>Leave to send, as a circuit gave it: it tells a trial's verdict from those of calls that began before the circuit last opened or closed.</summary>
/// <param name="Era">How often the circuit had opened or closed before.</param>
internal readonly record struct Leave(long Era);

/// <summary>The breaker of one upstream model of one channel. Polly counts, opens and closes; that one trial at a time goes through, and how long a cool-down lasts, is decided here.</summary>
/// <remarks>
/// A verdict comes long after the call began, so Polly runs over the verdict and not around the call: a call costs one read here while the circuit is closed.
/// Every change is made under one lock, so Polly never meets two at once.
/// </remarks>
internal sealed class Circuit
{
    /// <summary>The longest cool-down that an upstream's <c>Retry-After</c> is believed.</summary>
    public static readonly TimeSpan MaxCoolDown = TimeSpan.FromMinutes(10);

    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly TimeSpan breakTime;
    private readonly TimeSpan trialTime;
    private readonly CircuitBreakerManualControl control = new();
    private readonly CircuitBreakerStateProvider state = new();
    private readonly ResiliencePipeline<AttemptVerdict> breaker;

    // UTC ticks; 0: closed, and no trial is out.
    private long openUntil;
    private long trialUntil;
    private long era;
    private Cause openedBy;
    private int failures;
    private bool hasAnswered;

    public Circuit(Channel channel, TimeProvider time)
    {
        this.time = time;
        breakTime = channel.Breaker.Break;

        // A trial that is never reported must not keep the channel shut.
        trialTime = channel.ConnectTimeout + channel.FirstByteTimeout;
        breaker = new ResiliencePipelineBuilder<AttemptVerdict> { TimeProvider = time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<AttemptVerdict>
            {
                FailureRatio = channel.Breaker.FailureRatio,
                MinimumThroughput = channel.Breaker.MinimumCalls,
                SamplingDuration = channel.Breaker.Window,
                BreakDurationGenerator = _ => ValueTask.FromResult(NoteOpening()),
                ShouldHandle = static arguments => ValueTask.FromResult(arguments.Outcome.Result != AttemptVerdict.Success),
                ManualControl = control,
                StateProvider = state,
            })
            .Build();
    }

    private enum Cause
    {
        Failures,
        Unreachable,
        RateLimit,
        Probes,
    }

    /// <summary>Whether no call should go there now.</summary>
    public bool IsOpen
    {
        get
        {
            if (Volatile.Read(ref openUntil) == 0)
                return false;
            lock (gate)
                return openUntil != 0 && !IsDue(Now());
        }
    }

    /// <summary>Whether calls go there: half open from the end of the break to the end of the trial.</summary>
    public CircuitPhase Phase
    {
        get
        {
            if (Volatile.Read(ref openUntil) == 0)
                return CircuitPhase.Closed;
            lock (gate)
                return PhaseAt(Now());
        }
    }

    /// <summary>Takes leave to call: always while closed, once while half open.</summary>
    public bool TryBegin(out Leave leave)
    {
        leave = new Leave(Volatile.Read(ref era));
        if (Volatile.Read(ref openUntil) == 0)
            return true;
        lock (gate)
        {
            leave = new Leave(era);
            var now = Now();
            if (openUntil == 0)
                return true;
            if (!IsDue(now))
                return false;
            trialUntil = now + trialTime.Ticks;
            return true;
        }
    }

    /// <summary>What came of a call.</summary>
    /// <param name="verdict">What it tells.</param>
    /// <param name="retryAfter">How long a 429 asks to be left alone.</param>
    /// <param name="leave">The call's; <c>null</c>: it had none, and counts as one that has just begun.</param>
    public void Report(AttemptVerdict verdict, TimeSpan? retryAfter, Leave? leave)
    {
        lock (gate)
        {
            var began = leave?.Era ?? era;
            if (verdict == AttemptVerdict.RateLimited && retryAfter is { Ticks: > 0 } wait)
            {
                failures++;
                Isolate(Now() + Math.Min(wait.Ticks, MaxCoolDown.Ticks), Cause.RateLimit);
            }
            else if (began == era)
            {
                trialUntil = 0;
                if (verdict == AttemptVerdict.Neutral)
                    return;
                Count(verdict);
                if (openUntil <= Now())
                    Judge(verdict);
            }
        }
    }

    /// <summary>What the channel's probes found.</summary>
    /// <param name="isAlive">Whether it answers.</param>
    /// <param name="validity">How long bad news stands, should no other probe follow.</param>
    public void Probed(bool isAlive, TimeSpan validity)
    {
        lock (gate)
        {
            var coolsDown = openedBy == Cause.RateLimit && openUntil > Now();
            if (coolsDown)
                return;
            if (!isAlive)
                Isolate(Now() + Math.Max(validity.Ticks, breakTime.Ticks), Cause.Probes);
            else if (openUntil != 0 && openedBy is Cause.Probes or Cause.Unreachable)
                Close();
        }
    }

    public ChannelState Describe(string channelId, string model)
    {
        lock (gate)
        {
            return new ChannelState(channelId, model, PhaseAt(Now()), openUntil == 0 ? null : new DateTimeOffset(openUntil, TimeSpan.Zero), failures);
        }
    }

    private CircuitPhase PhaseAt(long now) => openUntil == 0 ? CircuitPhase.Closed : openUntil > now ? CircuitPhase.Open : CircuitPhase.HalfOpen;

    private bool IsDue(long now) => openUntil <= now && trialUntil <= now;

    private void Judge(AttemptVerdict verdict)
    {
        if (state.CircuitState == CircuitState.Isolated)
        {
            Close();
            if (verdict != AttemptVerdict.Success)
                Isolate(Now() + breakTime.Ticks, FailureCause());
            return;
        }

        breaker.Execute(static verdict => verdict, verdict);
        if (openUntil != 0 && state.CircuitState == CircuitState.Closed)
            Become(0);
    }

    private void Count(AttemptVerdict verdict)
    {
        failures = verdict == AttemptVerdict.Success ? 0 : failures + 1;
        hasAnswered = verdict != AttemptVerdict.Success && (hasAnswered || verdict != AttemptVerdict.Unreachable);
    }

    private TimeSpan NoteOpening()
    {
        openedBy = FailureCause();
        Become(Now() + breakTime.Ticks);
        return breakTime;
    }

    private Cause FailureCause() => hasAnswered ? Cause.Failures : Cause.Unreachable;

    private void Isolate(long until, Cause cause)
    {
        var longest = Math.Max(until, openUntil);
        Switch(control.IsolateAsync(CancellationToken.None));
        Become(longest);
        openedBy = cause;
    }

    private void Close()
    {
        Switch(control.CloseAsync(CancellationToken.None));
        Become(0);
    }

    private void Become(long until)
    {
        Volatile.Write(ref openUntil, until);
        Volatile.Write(ref era, era + 1);
        trialUntil = 0;
    }

    // Polly waits for nothing here but callbacks, and the circuit has none.
    private static void Switch(Task switched)
    {
        if (!switched.IsCompletedSuccessfully)
            throw new UnreachableException("A circuit without callbacks is switched at once.");
    }

    private long Now() => time.GetUtcNow().UtcTicks;
}
