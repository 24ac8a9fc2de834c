using Gateway.Ledger.Book;
using Gateway.Ledger.Coordination;
using Gateway.Ledger.Front;
using Gateway.Ledger.Front.InProcess;
using Gateway.Ledger.Recording;
using Gateway.Ledger.Spool;
using Microsoft.Extensions.Logging;

namespace Gateway.Ledger;

/// <summary>Front, spool and book put together: hold, intent, settle, deliver, record.</summary>
public sealed partial class SpooledLedger : ILedger, IRuns, IAsyncDisposable
{
    private static readonly TimeSpan BookPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan OpenPatience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan OpenPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan BookDownPatience = TimeSpan.FromSeconds(2);

    private readonly LedgerOptions options;
    private readonly IBook book;
    private readonly IFront front;
    private readonly EpochFront? epochs;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly SpoolLock folder;
    private readonly SettlementSpool spool;
    private readonly PendingCalls pending = new();
    private readonly LedgerMetrics metrics;
    private readonly Recorder recorder;
    private readonly CancellationTokenSource stopSweeping = new();
    private readonly CancellationTokenSource stopRecording = new();
    private Replay? replay;
    private EpochLoop? loop;
    private Task sweeping = Task.CompletedTask;
    private Task recording = Task.CompletedTask;
    private Task looping = Task.CompletedTask;
    private int disposed;

    private SpooledLedger(LedgerOptions options, IBook book, IFront front, TimeProvider time, ILogger logger, SpoolLock folder, SettlementSpool spool)
    {
        this.options = options;
        this.book = book;
        this.front = front;
        epochs = front as EpochFront;
        this.time = time;
        this.logger = logger;
        this.folder = folder;
        this.spool = spool;
        metrics = new LedgerMetrics(time, epochs);
        recorder = new Recorder(book, front, spool, pending, metrics, time, logger);
        AddGauges();
    }

    /// <inheritdoc/>
    public LedgerHealth Health => new(
        spool.Healthy, recorder.BookOk, pending.Count, epochs is null or { IsOpen: true }, loop?.ClockSkew ?? TimeSpan.Zero);

    /// <summary>What this ledger measures.</summary>
    internal LedgerMetrics Metrics => metrics;

    /// <summary>Locks the spool, opens the book, replays what the spool has, and starts recording.</summary>
    /// <exception cref="IOException">Another gateway uses the spool's folder.</exception>
    /// <exception cref="InvalidDataException">The spool is damaged.</exception>
    internal static Task<SpooledLedger> OpenAsync(LedgerOptions options, IBook book, TimeProvider time, ILogger logger, CancellationToken cancellationToken) =>
        OpenAsync(options, book, time, logger, new DiskSpoolFiles(options.Durability), cancellationToken);

    internal static async Task<SpooledLedger> OpenAsync(
        LedgerOptions options, IBook book, TimeProvider time, ILogger logger, ISpoolFiles files, CancellationToken cancellationToken)
    {
        var locked = SpoolLock.Take(options.SpoolFolder);
        try
        {
            await book.OpenAsync(cancellationToken);
            var left = new Replay(options.SpoolFolder, book, book as ICallStore, time);
            var calls = await left.RunAsync(front: null, cancellationToken);
            var ledger = Start(options, book, new InProcessFront(book, time, options.HoldLease), time, logger, locked, files, left.LastSegment + 1);
            ledger.NoteReplayed(calls);
            return ledger;
        }
        catch
        {
            locked.Dispose();
            throw;
        }
    }

    /// <summary>Opens the ledger of one gateway of several: returns once calls can be admitted, or after a while if they cannot yet.</summary>
    /// <param name="options">Where the spool is.</param>
    /// <param name="shared">What the gateways share.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    internal static async Task<SpooledLedger> OpenSharedAsync(
        LedgerOptions options, SharedParts shared, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var locked = SpoolLock.Take(options.SpoolFolder);
        try
        {
            // The torn end of the last process is cut off before new segments follow it: the replay may have to wait for a front.
            SpoolReader.SealTail(options.SpoolFolder);
            var left = new Replay(options.SpoolFolder, shared.Book, shared.Book as ICallStore, time);
            var ledger = Start(options, shared.Book, shared.Epochs, time, logger, locked, new DiskSpoolFiles(options.Durability), left.LastSegment + 1);
            ledger.replay = left;
            var epochLoop = new EpochLoop(
                shared.Coordination, shared.Epochs, shared.Redis, shared.Rows, ledger, shared.Gateway, options.RejectWhenFrontDown, time, logger);
            ledger.loop = epochLoop;
            ledger.looping = epochLoop.RunAsync(ledger.stopSweeping.Token);
            await ledger.IsOpenAsync(cancellationToken);
            return ledger;
        }
        catch
        {
            locked.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<HoldResult> HoldAsync(HoldRequest request, CancellationToken cancellationToken)
    {
        if (!spool.Healthy)
            return new HoldResult.Unavailable(UnavailableReason.Spool);
        if (pending.Count >= options.MaxUnrecorded)
            return new HoldResult.Unavailable(UnavailableReason.Backlog);
        if (options.RejectWhenBookDown && (recorder.Down >= BookDownPatience || loop?.BookAway >= BookDownPatience))
            return new HoldResult.Unavailable(UnavailableReason.Book);
        if (Health.ClockIsWrong)
            return new HoldResult.Unavailable(UnavailableReason.Clock);

        var started = metrics.StartFront();
        var result = await front.HoldAsync(request, cancellationToken);
        metrics.FrontTook(FrontOperation.Hold, started);
        if (result is not HoldResult.Held { Hold: { PinnedSegments: null } hold })
            return result;

        try
        {
            CrashPoint.Reach("hold_granted");
            spool.Append(hold, RecordKind.Intent, IntentPayload.Write(hold));
            CrashPoint.Reach("intent_spooled");
            Interlocked.Increment(ref holds);
            return result;
        }
        catch (IOException exception)
        {
            LogSpoolFailed(exception);
            await VoidHoldAsync(hold);
            return new HoldResult.Unavailable(UnavailableReason.Spool);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<HoldResult> ReholdAsync(Hold hold, HoldRequest request, CancellationToken cancellationToken)
    {
        HoldResult result;
        var started = metrics.StartFront();
        try
        {
            result = await front.ReholdAsync(hold, request, cancellationToken);
        }
        catch (FrontUnavailableException)
        {
            return new HoldResult.Unavailable(UnavailableReason.Front);
        }

        metrics.FrontTook(FrontOperation.Rehold, started);
        if (result is not HoldResult.Held { Hold: var replaced } || ReferenceEquals(replaced, hold))
            return result;

        // The spool's segments stay pinned for the call, whichever of its holds is settled.
        replaced.PinnedSegments = hold.PinnedSegments;
        replaced.Trace = hold.Trace;
        try
        {
            spool.Append(replaced, RecordKind.Intent, IntentPayload.Write(replaced));
            return result;
        }
        catch (IOException exception)
        {
            // The new hold would not survive this process with its price: the attempt is not made, and the call settles what it has.
            LogSpoolFailed(exception);
            return new HoldResult.Unavailable(UnavailableReason.Spool);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> RenewAsync(Hold hold, Usage delivered, CancellationToken cancellationToken)
    {
        var cost = Credits.Min(hold.Request.Price.Cost(delivered), hold.Amount);
        var known = hold.DeliveredUsage;
        hold.DeliveredUsage = delivered;
        var started = metrics.StartFront();
        var renewed = await front.RenewAsync(hold, cost, delivered, cancellationToken);
        metrics.FrontTook(FrontOperation.Renew, started);
        if (!renewed)
        {
            hold.DeliveredUsage = known;

            // Over because it is being settled right now, not because it was reaped: the call goes on to its end.
            if (Volatile.Read(ref hold.Ending) is not null && hold.Settled?.Outcome != Outcome.Recovered)
                return true;
            LogLeaseLost(hold.ReceiptId);
            return false;
        }

        CrashPoint.Reach("hold_renewed");
        WriteCheckpoint(hold, cost, delivered);
        return true;
    }

    /// <inheritdoc/>
    public ValueTask<AccountBalance> BalanceAsync(string account, CancellationToken cancellationToken) => front.BalanceAsync(account, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<BudgetState?> BudgetAsync(string account, KeyLimits key, CancellationToken cancellationToken) =>
        front.BudgetAsync(account, key, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<AllowanceState?> AllowanceAsync(string account, MemberLimits member, CancellationToken cancellationToken) =>
        front.AllowanceAsync(account, member, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<PostingResult> PostAsync(Posting posting, CancellationToken cancellationToken)
    {
        // What calls in flight hold is not taken out from under them. One that begins in this moment is paid by the house if it comes to that.
        if (posting.Amount < Credits.Zero && await AvailableAsync(posting, cancellationToken) is { } available && available + posting.Amount < Credits.Zero)
            return new PostingResult.TooLow(available);

        var result = await book.PostAsync(posting, time.GetUtcNow(), cancellationToken);
        CrashPoint.Reach("posting_committed");
        if (result is PostingResult.Posted posted)
            await CreditAsync(posting.Account, posted.Bucket, CancellationToken.None);
        return result;
    }

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>?> FindReceiptAsync(ReceiptId id, string? workspace, string? keyId, CancellationToken cancellationToken)
    {
        if (!pending.TryGet(id, out var call))
            return await book.FindReceiptAsync(id, workspace, keyId, cancellationToken);

        var mine = (workspace is null || string.Equals(workspace, call.Workspace, StringComparison.Ordinal))
            && (keyId is null || string.Equals(keyId, call.KeyId, StringComparison.Ordinal));
        if (!mine)
            return null;
        return ReceiptDocument.Complete(call, settledAt: null);
    }

    /// <inheritdoc/>
    public async ValueTask<Page<Entry>> ListEntriesAsync(string account, int limit, string? cursor, CancellationToken cancellationToken) =>
        await book.ListEntriesAsync(account, limit, cursor, cancellationToken);

    /// <summary>Records what is finished, for 5 s at most; the rest stays in the spool for the next start.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
            return;

        await stopSweeping.CancelAsync();
        await sweeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await looping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        recorder.Complete();
        stopRecording.CancelAfter(BookPatience);
        await recording.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (loop is not null)
            await loop.LeaveAsync(stopRecording.Token);
        metrics.Dispose();
        spool.Dispose();
        folder.Dispose();
        stopSweeping.Dispose();
        stopRecording.Dispose();
    }

    private async ValueTask<Credits?> AvailableAsync(Posting posting, CancellationToken cancellationToken)
    {
        var balance = await front.BalanceAsync(posting.Account, cancellationToken);
        return balance.Buckets.FirstOrDefault(bucket => string.Equals(bucket.Id, posting.Bucket, StringComparison.Ordinal))?.Available;
    }

    private static SpooledLedger Start(
        LedgerOptions options, IBook book, IFront front, TimeProvider time, ILogger logger, SpoolLock locked, ISpoolFiles files, int firstSegment)
    {
        var journal = new SettlementSpool(new SpoolSettings(options.SpoolFolder, options.Durability), files, firstSegment);
        var ledger = new SpooledLedger(options, book, front, time, logger, locked, journal);
        ledger.recording = ledger.recorder.RunAsync(ledger.stopRecording.Token);
        ledger.sweeping = Task.WhenAll(
            ledger.SweepAsync(ledger.stopSweeping.Token), new ExpirySweep(book, front, time, logger).RunAsync(ledger.stopSweeping.Token));
        return ledger;
    }

    private async Task IsOpenAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (!Epochs.IsOpen && time.GetElapsedTime(started) < OpenPatience)
            await Task.Delay(OpenPause, time, cancellationToken);
    }

    [LoggerMessage(1, LogLevel.Information, "Replayed {Calls} calls from the spool.")]
    private partial void LogReplayed(int calls);

    [LoggerMessage(3, LogLevel.Warning, "{ReceiptId} was renewed after its lease had ended; its checkpoint is its charge.")]
    private partial void LogLeaseLost(ReceiptId receiptId);

    [LoggerMessage(4, LogLevel.Warning, "The sweep of expired holds failed; it runs again: {Reason}")]
    private partial void LogSweepFailed(string reason);
}
