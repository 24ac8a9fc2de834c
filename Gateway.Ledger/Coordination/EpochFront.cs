using System.Collections.Concurrent;
using System.Diagnostics;
using Gateway.Ledger.Front;
using Gateway.Ledger.Front.Rows;

namespace Gateway.Ledger.Coordination;

/// <summary>The front of the epoch in force, whichever that is. While none is open, operations wait: for a moment, never for long.</summary>
/// <param name="time">The clock.</param>
/// <param name="book">Answers for balances while no front does.</param>
internal sealed class EpochFront(TimeProvider time, Book.IBook book) : IFront
{
    /// <summary>How long a new call waits for a front: longer than the loss of Redis takes to be agreed on.</summary>
    internal static readonly TimeSpan HoldPatience = TimeSpan.FromSeconds(5);

    /// <summary>How long a settlement waits before it is left to the spool.</summary>
    internal static readonly TimeSpan SettlePatience = TimeSpan.FromSeconds(3);

    /// <summary>How long a question after a balance waits.</summary>
    internal static readonly TimeSpan ReadPatience = TimeSpan.FromSeconds(1);

    /// <summary>A gateway that has not tried to speak to the others for so long (it was stopped, or starved) does not trust its front before it has.</summary>
    internal static readonly TimeSpan BeatPatience = TimeSpan.FromSeconds(2.5);

    private const int MaxUnknown = 10_000;
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(25);

    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<ReceiptId, Hold> live = new();
    private readonly ConcurrentQueue<(long Epoch, HoldRequest Request)> unknown = new();
    private readonly SemaphoreSlim trouble = new(0, 1);
    private Current? current;
    private TaskCompletionSource opening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? idle;
    private int busy;
    private long beatAt = time.GetTimestamp();
    private long recordingEpoch;

    /// <summary>Whether a front is open.</summary>
    public bool IsOpen => Volatile.Read(ref current) is not null;

    /// <summary>Which front is open; <c>null</c>: none.</summary>
    public FrontKind? Kind => Volatile.Read(ref current) is { } open ? open.Front is RowFront ? FrontKind.Book : FrontKind.Redis : null;

    /// <summary>The epoch that recordings belong to: the book refuses a batch of another one.</summary>
    public long RecordingEpoch
    {
        get => Interlocked.Read(ref recordingEpoch);
        set => Interlocked.Exchange(ref recordingEpoch, value);
    }

    /// <summary>Whether calls of older epochs are recorded as they are, because no account has been loaded yet.</summary>
    public bool IsDraining { get; set; }

    /// <summary>The holds that are not charged yet.</summary>
    public IEnumerable<Hold> LiveHolds => live.Values;

    /// <summary>This gateway has spoken to the others, or has tried to.</summary>
    public void NoteBeat() => Interlocked.Exchange(ref beatAt, time.GetTimestamp());

    /// <summary>Waits until an operation has failed, for as long as given at most.</summary>
    public Task TroubleAsync(TimeSpan atMost, CancellationToken cancellationToken) => trouble.WaitAsync(atMost, cancellationToken);

    /// <summary>Lets operations through.</summary>
    public void Open(ISharedFront front, long epoch)
    {
        lock (gate)
        {
            current = new Current(front, epoch);
            opening.TrySetResult();
        }
    }

    /// <summary>Keeps new operations waiting, and ends when those under way are over.</summary>
    public Task CloseAsync()
    {
        lock (gate)
        {
            if (current is not null)
            {
                current = null;
                opening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            if (busy == 0)
                return Task.CompletedTask;
            idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return idle.Task;
        }
    }

    /// <summary>The hold needs no front any more: its settlement goes to the book as it is.</summary>
    public void Forget(Hold hold) => live.TryRemove(hold.ReceiptId, out _);

    /// <summary>Whether the front of this epoch has not heard of the call's charge: it was charged in an older one, and missed the drain.</summary>
    public bool NeedsLateCharge(Hold hold) => !IsDraining && hold.ChargedInEpoch < RecordingEpoch;

    /// <summary>Does something with the open front.</summary>
    /// <exception cref="FrontUnavailableException">None was open in time, or it kept failing.</exception>
    public ValueTask<T> WithFrontAsync<T>(TimeSpan patience, Func<ISharedFront, long, ValueTask<T>> operation, CancellationToken cancellationToken) =>
        RunAsync(patience, operation, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<HoldResult> HoldAsync(HoldRequest request, CancellationToken cancellationToken)
    {
        long epochTried = 0;
        try
        {
            // A repeated hold is the same hold, so a lost reply is asked for again.
            return await RunAsync(
                HoldPatience,
                async (front, epoch) =>
                {
                    epochTried = epoch;
                    var result = await front.HoldAsync(request, CancellationToken.None);
                    if (result is HoldResult.Held held)
                        live.TryAdd(held.Hold.ReceiptId, held.Hold);
                    return result;
                },
                cancellationToken);
        }
        catch (FrontUnavailableException)
        {
            VoidLater(epochTried, request);
            return new HoldResult.Unavailable(UnavailableReason.Front);
        }
        catch (OperationCanceledException)
        {
            VoidLater(epochTried, request);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<HoldResult> ReholdAsync(Hold hold, HoldRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await RunAsync(
                HoldPatience,
                async (front, _) =>
                {
                    var result = await front.ReholdAsync(hold, request, CancellationToken.None);
                    if (result is HoldResult.Held held)
                        live[held.Hold.ReceiptId] = held.Hold;
                    return result;
                },
                cancellationToken);
        }
        catch (FrontUnavailableException)
        {
            return new HoldResult.Unavailable(UnavailableReason.Front);
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> RenewAsync(Hold hold, Credits checkpoint, Usage delivered, CancellationToken cancellationToken) =>
        RunAsync(TimeSpan.Zero, (front, _) => front.RenewAsync(hold, checkpoint, delivered, CancellationToken.None), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<FrontSettlement> SettleAsync(
        Hold hold, Credits cost, bool mayOverrun, long tokens, SettledCall? planned, CancellationToken cancellationToken) =>
        RunAsync(
            SettlePatience,
            async (front, epoch) =>
            {
                var settlement = await SettleOnceAsync(front, hold, cost, mayOverrun, tokens, planned);
                hold.ChargedInEpoch = epoch;
                Forget(hold);
                return settlement;
            },
            cancellationToken);

    /// <inheritdoc/>
    public async ValueTask RefundAsync(Hold hold, CancellationToken cancellationToken) =>
        await RunAsync(
            SettlePatience,
            async (front, _) =>
            {
                await front.RefundAsync(hold, CancellationToken.None);
                return true;
            },
            cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<(Hold Hold, FrontSettlement Settlement)>> ReapAsync(CancellationToken cancellationToken)
    {
        // What a shared front reaps waits there for the book; nobody's Hold comes back.
        if (IsOpen)
            await RunAsync(TimeSpan.Zero, static async (front, _) => await front.ReapAsync(CancellationToken.None), cancellationToken);
        return [];
    }

    /// <inheritdoc/>
    public async ValueTask CreditAsync(string account, BucketBalance bucket, CancellationToken cancellationToken) =>
        await RunAsync(
            SettlePatience,
            async (front, _) =>
            {
                await front.CreditAsync(account, bucket, CancellationToken.None);
                return true;
            },
            cancellationToken);

    /// <inheritdoc/>
    public async ValueTask ForgiveAsync(
        string account, string keyId, string? memberId, DateOnly admitted, Credits amount, CancellationToken cancellationToken) =>
        await RunAsync(
            TimeSpan.Zero,
            async (front, _) =>
            {
                await front.ForgiveAsync(account, keyId, memberId, admitted, amount, CancellationToken.None);
                return true;
            },
            cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<AccountBalance> BalanceAsync(string account, CancellationToken cancellationToken)
    {
        try
        {
            return await RunAsync(ReadPatience, (front, _) => front.BalanceAsync(account, CancellationToken.None), cancellationToken);
        }
        catch (FrontUnavailableException)
        {
            return await book.LoadAccountAsync(account, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public ValueTask<BudgetState?> BudgetAsync(string account, KeyLimits key, CancellationToken cancellationToken) =>
        RunAsync(ReadPatience, (front, _) => front.BudgetAsync(account, key, CancellationToken.None), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<AllowanceState?> AllowanceAsync(string account, MemberLimits member, CancellationToken cancellationToken) =>
        RunAsync(ReadPatience, (front, _) => front.AllowanceAsync(account, member, CancellationToken.None), cancellationToken);

    /// <summary>Ends the holds whose reply was lost, now that a front answers.</summary>
    public async Task VoidUnknownAsync(CancellationToken cancellationToken)
    {
        for (var left = unknown.Count; left > 0 && unknown.TryDequeue(out var lost); left--)
        {
            try
            {
                await RunAsync(TimeSpan.Zero, (front, epoch) => VoidAsync(front, epoch, lost.Epoch, lost.Request), cancellationToken);
            }
            catch (FrontUnavailableException)
            {
                VoidLater(lost.Epoch, lost.Request);
                return;
            }
        }
    }

    /// <summary>The hold may stand, and nobody will settle it: it is ended once a front answers, else its lease ends it.</summary>
    public void VoidLater(long epoch, HoldRequest request)
    {
        if (epoch > 0 && unknown.Count < MaxUnknown)
            unknown.Enqueue((epoch, request));
    }

    private async ValueTask<bool> VoidAsync(ISharedFront front, long epoch, long heldIn, HoldRequest request)
    {
        if (epoch != heldIn)
            return false;

        var hold = new Hold(request, Credits.Zero, [], default, time.GetUtcNow());
        try
        {
            await front.SettleAsync(hold, Credits.Zero, mayOverrun: false, tokens: 0, planned: null, CancellationToken.None);
            return true;
        }
        catch (InvalidOperationException)
        {
            // It never was.
            return false;
        }
    }

    private static async ValueTask<FrontSettlement> SettleOnceAsync(
        ISharedFront front, Hold hold, Credits cost, bool mayOverrun, long tokens, SettledCall? planned)
    {
        try
        {
            return await front.SettleAsync(hold, cost, mayOverrun, tokens, planned, CancellationToken.None);
        }
        catch (InvalidOperationException) when (planned is not null)
        {
            // A hold of an epoch that this gateway slept through.
            return await front.ChargeLateAsync(planned, CancellationToken.None);
        }
        catch (InvalidOperationException)
        {
            return new FrontSettlement(Credits.Zero, Credits.Zero, [], Credits.Zero);
        }
    }

    private async ValueTask<T> RunAsync<T>(TimeSpan patience, Func<ISharedFront, long, ValueTask<T>> operation, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var front = await EnterAsync(started, patience, cancellationToken)
                ?? throw new FrontUnavailableException("No front is open.");
            try
            {
                return await operation(front.Front, front.Epoch);
            }
            catch (FrontUnavailableException)
            {
                Trouble();
                if (time.GetElapsedTime(started) >= patience)
                    throw;
            }
            finally
            {
                Leave();
            }

            await Task.Delay(RetryPause, time, cancellationToken);
        }
    }

    private async ValueTask<Current?> EnterAsync(long started, TimeSpan patience, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task open;
            lock (gate)
            {
                var trusted = time.GetElapsedTime(Interlocked.Read(ref beatAt)) < BeatPatience;
                if (current is { } front && trusted)
                {
                    busy++;
                    return front;
                }

                open = current is null ? opening.Task : Task.Delay(RetryPause, time, cancellationToken);
            }

            var left = patience - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
                return null;
            await ((Task)Task.WhenAny(open, Task.Delay(left, time, cancellationToken))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private void Leave()
    {
        lock (gate)
        {
            busy--;
            Debug.Assert(busy >= 0, "An operation left twice.");
            if (busy == 0 && idle is { } waiting)
            {
                idle = null;
                waiting.SetResult();
            }
        }
    }

    private void Trouble()
    {
        if (trouble.CurrentCount == 0)
        {
            try
            {
                trouble.Release();
            }
            catch (SemaphoreFullException)
            {
                // Another operation has said so.
            }
        }
    }

    private sealed record Current(ISharedFront Front, long Epoch);
}
