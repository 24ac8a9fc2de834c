using Gateway.Ledger.Book;
using Gateway.Ledger.Front;
using Microsoft.Extensions.Logging;

namespace Gateway.Ledger.Coordination;

/// <summary>Keeps this gateway in the epoch that all agree on, and begins the next one when the front of this one is lost or Redis is back.</summary>
/// <remarks>See <c>docs/decisions/0004-epochs-of-the-front.md</c>.</remarks>
/// <param name="coordination">Where gateways meet.</param>
/// <param name="epochs">The front that calls use.</param>
/// <param name="redis">Redis; <c>null</c>: not configured, and every epoch is the book's.</param>
/// <param name="rows">The front that the book keeps.</param>
/// <param name="work">What each phase asks of this gateway.</param>
/// <param name="gateway">This gateway's id.</param>
/// <param name="rejectWhenFrontDown">Whether calls are refused while Redis is away, rather than admitted by the book.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Tells of each epoch.</param>
internal sealed partial class EpochLoop(
    ICoordination coordination,
    EpochFront epochs,
    ISharedFront? redis,
    ISharedFront rows,
    IEpochWork work,
    string gateway,
    bool rejectWhenFrontDown,
    TimeProvider time,
    ILogger logger)
{
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Watchful = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan Opening = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan ProbePatience = TimeSpan.FromSeconds(1);

    // Redis must be away for so long before a gateway says so, and back for so long before it is used again.
    private static readonly TimeSpan AwayFor = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan BackFor = TimeSpan.FromSeconds(2);

    private readonly RedisWatch watch = new(time, AwayFor);
    private GatewayBeat beat = new(gateway, 0, FrontPhase.Drain, RedisOk: null);
    private long beatAt = -1;

    /// <summary>How long the book has not answered; zero: it does.</summary>
    public TimeSpan BookAway { get; private set; }

    /// <summary>How far the book's clock is ahead of this machine's.</summary>
    public TimeSpan ClockSkew { get; private set; }

    /// <summary>Runs until cancelled, then leaves.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var pause = Idle;
            try
            {
                pause = await TickAsync(cancellationToken);
            }
            catch (Exception exception) when (BookFailure.Is(exception))
            {
                LogStepFailed(exception.Message);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // Whatever it was: a loop that ends would take this gateway out for good.
                LogStepBroken(exception);
            }

            await epochs.TroubleAsync(pause, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Says goodbye, so that nobody waits for this gateway.</summary>
    public async Task LeaveAsync(CancellationToken cancellationToken)
    {
        try
        {
            await coordination.LeaveAsync(gateway, cancellationToken);
        }
        catch (Exception exception) when (BookFailure.Is(exception) || exception is OperationCanceledException)
        {
            LogStepFailed(exception.Message);
        }
    }

    private async Task<TimeSpan> TickAsync(CancellationToken cancellationToken)
    {
        await ProbeAsync(cancellationToken);
        if (await BeatAsync(cancellationToken) is not { } answer)
            return Idle;

        var state = answer.State;
        return state.Phase switch
        {
            FrontPhase.Drain => await DrainAsync(answer, cancellationToken),
            FrontPhase.Restore => await RestoreAsync(answer, cancellationToken),
            _ => await OpenAsync(answer, cancellationToken),
        };
    }

    private async Task ProbeAsync(CancellationToken cancellationToken)
    {
        if (redis is null)
            return;

        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(ProbePatience);
            watch.Answered(await redis.ProbeAsync(patience.Token).WaitAsync(ProbePatience, time, cancellationToken));
        }
        catch (Exception exception) when (exception is IOException or TimeoutException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            watch.Failed();
        }
    }

    private async Task<BeatAnswer?> BeatAsync(CancellationToken cancellationToken)
    {
        beat = beat with { RedisOk = redis is null ? null : watch.IsOk };
        try
        {
            var answer = await coordination.BeatAsync(beat, cancellationToken);
            beatAt = time.GetTimestamp();
            BookAway = TimeSpan.Zero;
            ClockSkew = answer.Now - time.GetUtcNow();
            return answer;
        }
        catch (Exception exception) when (BookFailure.Is(exception))
        {
            // Calls go on from the front that is open; no epoch can begin without the book.
            BookAway = beatAt < 0 ? TimeSpan.MaxValue : time.GetElapsedTime(beatAt);
            LogBookAway(exception.Message);
            return null;
        }
        finally
        {
            epochs.NoteBeat();
        }
    }

    private async Task<TimeSpan> DrainAsync(BeatAnswer answer, CancellationToken cancellationToken)
    {
        var state = answer.State;
        if (await BeginAnotherAsync(answer, cancellationToken))
            return TimeSpan.Zero;
        if (beat.Epoch < state.Epoch)
        {
            LogPhase(state.Epoch, state.Front, state.Phase);
            await WithBeatsAsync(epochs.CloseAsync(), cancellationToken);
            epochs.IsDraining = true;
            epochs.RecordingEpoch = state.Epoch;
            await WithBeatsAsync(work.DrainAsync(rows, cancellationToken), cancellationToken);

            CrashPoint.Reach("epoch_drained");

            // Once this is acknowledged the others load accounts: what comes to the recorder from now on is charged in the new front.
            epochs.IsDraining = false;
            beat = beat with { Epoch = state.Epoch, Phase = FrontPhase.Drain };
            return TimeSpan.Zero;
        }

        if (!answer.Live.All(other => other.HasReached(state.Epoch, FrontPhase.Drain)))
            return Opening;

        await Front(state).OpenEpochAsync(state.Epoch, cancellationToken);
        CrashPoint.Reach("epoch_prepared");
        var life = state.Front == FrontKind.Redis ? watch.Life : null;
        await coordination.MoveAsync(state, state with { Phase = FrontPhase.Restore, Life = life }, cancellationToken);
        return TimeSpan.Zero;
    }

    private async Task<TimeSpan> RestoreAsync(BeatAnswer answer, CancellationToken cancellationToken)
    {
        var state = answer.State;
        if (await BeginAnotherAsync(answer, cancellationToken))
            return TimeSpan.Zero;
        if (beat.Epoch == state.Epoch && beat.Phase == FrontPhase.Drain)
        {
            var front = Front(state);
            front.UseEpoch(state.Epoch);
            await WithBeatsAsync(work.RestoreAsync(front, cancellationToken), cancellationToken);
            CrashPoint.Reach("epoch_restored");
            beat = beat with { Phase = FrontPhase.Restore };
            return TimeSpan.Zero;
        }

        // A gateway that missed the drain has nothing to restore and joins when the epoch is open; nobody waits for it.
        var waitedFor = answer.Live.Where(other => other.Epoch == state.Epoch);
        if (waitedFor.All(other => other.HasReached(state.Epoch, FrontPhase.Restore)))
            await coordination.MoveAsync(state, state with { Phase = FrontPhase.Open }, cancellationToken);
        return Opening;
    }

    private async Task<TimeSpan> OpenAsync(BeatAnswer answer, CancellationToken cancellationToken)
    {
        var state = answer.State;
        if (await BeginAnotherAsync(answer, cancellationToken))
            return TimeSpan.Zero;
        if (rejectWhenFrontDown && redis is not null && state.Front == FrontKind.Book)
            return Idle;

        // Drained and not restored: it was not heard of meanwhile, and the others went on without it.
        if (beat.Epoch < state.Epoch || beat.Phase == FrontPhase.Drain)
        {
            if (state.Front == FrontKind.Redis && !watch.Answers)
                return Opening;
            await JoinAsync(state, cancellationToken);
        }

        if (!epochs.IsOpen)
        {
            beat = beat with { Epoch = state.Epoch, Phase = FrontPhase.Open };
            epochs.Open(Front(state), state.Epoch);
            LogOpen(state.Epoch, state.Front);
        }

        var live = answer.Live.Select(static other => other.Gateway).ToHashSet(StringComparer.Ordinal);
        if (state.Front == FrontKind.Redis && !watch.Answers)
            return Watchful;
        await WithBeatsAsync(work.TendAsync(Front(state), live, cancellationToken), cancellationToken);
        return Idle;
    }

    private async Task JoinAsync(FrontState state, CancellationToken cancellationToken)
    {
        await WithBeatsAsync(epochs.CloseAsync(), cancellationToken);
        epochs.RecordingEpoch = state.Epoch;
        var front = Front(state);
        front.UseEpoch(state.Epoch);
        await WithBeatsAsync(work.JoinAsync(front, cancellationToken), cancellationToken);
    }

    /// <summary>Begins the next epoch if this one cannot go on; the others follow.</summary>
    private async Task<bool> BeginAnotherAsync(BeatAnswer answer, CancellationToken cancellationToken)
    {
        if (NextFront(answer) is null)
            return false;

        // The probe was before the heartbeat, and another gateway may have opened the epoch between the two.
        await ProbeAsync(cancellationToken);
        if (NextFront(answer) is not { } front)
            return false;

        var next = new FrontState(answer.State.Epoch + 1, front, FrontPhase.Drain, Life: null);
        if (await coordination.MoveAsync(answer.State, next, cancellationToken))
            LogBegins(next.Epoch, front);
        return true;
    }

    private FrontKind? NextFront(BeatAnswer answer)
    {
        var state = answer.State;
        var alone = answer.Live.All(other => string.Equals(other.Gateway, gateway, StringComparison.Ordinal));

        // The first of all gateways knows nothing of what was before: its spool and the front's leftovers go to the book first.
        if (alone && beat.Epoch == 0 && state.Phase == FrontPhase.Open)
            return redis is null ? FrontKind.Book : watch.IsOk switch { true => FrontKind.Redis, false => rejectWhenFrontDown ? null : FrontKind.Book, null => null };

        if (redis is null)
            return state.Front == FrontKind.Redis && alone ? FrontKind.Book : null;

        if (state.Front == FrontKind.Redis)
        {
            if (watch.Answers && state.Phase != FrontPhase.Drain && IsAnotherLife(state))
                return FrontKind.Redis;
            return !rejectWhenFrontDown && answer.Live.All(static other => other.RedisOk == false) ? FrontKind.Book : null;
        }

        var back = answer.Live.All(static other => other.RedisOk == true);
        var steady = watch.OkFor >= BackFor || (alone && state.Phase == FrontPhase.Open);
        return back && steady ? FrontKind.Redis : null;
    }

    private bool IsAnotherLife(FrontState state) =>
        !string.Equals(state.Life, watch.Life, StringComparison.Ordinal) || watch.Epoch != state.Epoch;

    private ISharedFront Front(FrontState state) =>
        state.Front == FrontKind.Book ? rows : redis ?? throw new FrontUnavailableException("The gateways use Redis, and this one has no ConnectionStrings__Redis.");

    // Work may take longer than the others wait for a heartbeat.
    private async Task WithBeatsAsync(Task running, CancellationToken cancellationToken)
    {
        while (await Task.WhenAny(running, Task.Delay(Idle, time, cancellationToken)) != running)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await BeatAsync(cancellationToken);
        }

        await running;
    }

    [LoggerMessage(1, LogLevel.Information, "Epoch {Epoch} of the front ({Front}): {Phase}.")]
    private partial void LogPhase(long epoch, FrontKind front, FrontPhase phase);

    [LoggerMessage(2, LogLevel.Information, "Epoch {Epoch} of the front ({Front}) is open.")]
    private partial void LogOpen(long epoch, FrontKind front);

    [LoggerMessage(3, LogLevel.Warning, "Epoch {Epoch} of the front begins: {Front}.")]
    private partial void LogBegins(long epoch, FrontKind front);

    [LoggerMessage(4, LogLevel.Warning, "The book does not answer; calls go on from the front: {Reason}")]
    private partial void LogBookAway(string reason);

    [LoggerMessage(6, LogLevel.Error, "A step of the epoch broke; it is repeated.")]
    private partial void LogStepBroken(Exception exception);

    [LoggerMessage(5, LogLevel.Warning, "A step of the epoch failed; it is repeated: {Reason}")]
    private partial void LogStepFailed(string reason);
}
