using System.Collections.Concurrent;
using System.Threading.Channels;
using Gateway.Ledger.Book;
using Gateway.Ledger.Coordination;
using Gateway.Ledger.Front;
using Gateway.Ledger.Spool;
using Microsoft.Extensions.Logging;

namespace Gateway.Ledger.Recording;

/// <summary>Brings finished calls to the book in batches; a batch that fails is tried again unchanged, for a failed commit may have happened.</summary>
internal sealed partial class Recorder(
    IBook book, IFront front, SettlementSpool spool, PendingCalls pending, LedgerMetrics metrics, TimeProvider time, ILogger logger)
{
    private const int BatchSize = 500;

    // A transaction costs as much as many calls: fewer and larger ones leave more of the machine to calls. It is half of the lag that is aimed at.
    private static readonly TimeSpan BatchTime = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FlushPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan FrontPatience = TimeSpan.FromSeconds(3);

    // Unbounded as a queue, bounded by admission: no call starts above Gateway__MaxUnrecorded, and each call is here once.
    private readonly Channel<Hold> finished = Channel.CreateUnbounded<Hold>();
    private readonly ConcurrentQueue<(string Account, ReceiptId Id)> unacknowledged = new();
    private readonly EpochFront? epochs = front as EpochFront;
    private long downSince = -1;
    private long waiting;

    /// <summary>How long the book has refused batches; zero: it takes them.</summary>
    public TimeSpan Down => Interlocked.Read(ref downSince) is >= 0 and var since ? time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>Whether the last batch was recorded.</summary>
    public bool BookOk => Interlocked.Read(ref downSince) < 0;

    public void Add(Hold hold)
    {
        Interlocked.Increment(ref waiting);
        finished.Writer.TryWrite(hold);
    }

    /// <summary>Ends when everything that was added is in the book.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        while (Interlocked.Read(ref waiting) > 0)
            await Task.Delay(FlushPause, time, cancellationToken);
    }

    /// <summary>Tells the front which of its settlements are in the book; what it could not be told is told the next time.</summary>
    public async Task AcknowledgeAsync(CancellationToken cancellationToken)
    {
        if (epochs is not { IsOpen: true } || unacknowledged.IsEmpty)
            return;

        var recorded = new List<(string Account, ReceiptId Id)>();
        while (recorded.Count < BatchSize && unacknowledged.TryDequeue(out var call))
            recorded.Add(call);
        try
        {
            await epochs.WithFrontAsync(
                TimeSpan.Zero,
                async (shared, _) =>
                {
                    await shared.AcknowledgeAsync(recorded, CancellationToken.None);
                    CrashPoint.Reach("batch_acknowledged");
                    return true;
                },
                cancellationToken);
        }
        catch (FrontUnavailableException exception)
        {
            LogNotAcknowledged(recorded.Count, exception.Message);
            foreach (var call in recorded)
                unacknowledged.Enqueue(call);
        }
    }

    /// <summary>No more calls come; the loop ends when all are recorded.</summary>
    public void Complete() => finished.Writer.TryComplete();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var batch = new List<Hold>(BatchSize);
        while (await finished.Reader.WaitToReadAsync(cancellationToken))
        {
            await FillAsync(batch, cancellationToken);
            try
            {
                await RecordAsync(batch, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                RecordingSpans.Fail(batch, time.GetUtcNow(), "The gateway stopped before the book took it: it is in the spool.");
                throw;
            }

            batch.Clear();
        }
    }

    private async Task FillAsync(List<Hold> batch, CancellationToken cancellationToken)
    {
        if (finished.Reader.Count < BatchSize && !finished.Reader.Completion.IsCompleted)
            await Task.Delay(BatchTime, time, cancellationToken);
        while (batch.Count < BatchSize && finished.Reader.TryRead(out var hold))
            batch.Add(hold);
    }

    private async Task RecordAsync(List<Hold> batch, CancellationToken cancellationToken)
    {
        var pause = FirstRetry;
        while (!await TryRecordAsync(batch, pause, cancellationToken))
        {
            await Task.Delay(pause, time, cancellationToken);
            pause = pause * 2 < LastRetry ? pause * 2 : LastRetry;
        }

        var committed = time.GetUtcNow();
        metrics.Committed(batch, committed);
        RecordingSpans.End(batch, committed);
        Interlocked.Exchange(ref downSince, -1);
        spool.Unpin(batch.Where(static hold => hold.PinnedSegments is not null).Select(static hold => hold.PinnedSegments!.Value));
        foreach (var hold in batch)
            pending.Remove(hold.ReceiptId);
        if (epochs is not null)
        {
            foreach (var hold in batch)
                unacknowledged.Enqueue((hold.Request.Account, hold.ReceiptId));
            await AcknowledgeAsync(cancellationToken);
        }

        Interlocked.Add(ref waiting, -batch.Count);
    }

    private async Task<bool> TryRecordAsync(List<Hold> batch, TimeSpan pause, CancellationToken cancellationToken)
    {
        try
        {
            if (epochs is not null)
                await ChargeLateAsync(batch, cancellationToken);
            CrashPoint.Reach("batch_begun");
            await RecordInBookAsync(batch, cancellationToken);
            CrashPoint.Reach("batch_committed");
            foreach (var hold in batch.Where(static hold => hold.Settled!.Delivery == Delivery.Refunded))
            {
                await book.VoidAsync(hold.ReceiptId, time.GetUtcNow(), cancellationToken);
                await front.RefundAsync(hold, cancellationToken);
            }

            return true;
        }
        catch (EpochPassedException)
        {
            // The loop learns of the new epoch in a moment; what its front has not heard of is charged late then.
            return false;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever it was: a recorder that ends would lose the settlements of all later calls, one that repeats is seen in health and log.
            Interlocked.CompareExchange(ref downSince, time.GetTimestamp(), -1);
            LogRetry(exception, batch.Count, (long)pause.TotalMilliseconds);
            return false;
        }
    }

    private async Task RecordInBookAsync(List<Hold> batch, CancellationToken cancellationToken)
    {
        var started = metrics.StartBook();
        try
        {
            await book.RecordAsync(batch.ConvertAll(Settled), cancellationToken);
            metrics.BookTook(started);
        }
        catch
        {
            metrics.BookRefused(started);
            throw;
        }
    }

    // Only after an epoch that this gateway slept through. What the book has already was charged before the accounts were loaded.
    private async Task ChargeLateAsync(List<Hold> batch, CancellationToken cancellationToken)
    {
        foreach (var hold in batch)
        {
            if (!epochs!.NeedsLateCharge(hold))
                continue;

            var call = Settled(hold);
            if (call.Cost > Credits.Zero && await book.FindReceiptAsync(hold.ReceiptId, workspace: null, keyId: null, cancellationToken) is null)
            {
                var charged = await epochs.WithFrontAsync(FrontPatience, (shared, _) => shared.ChargeLateAsync(call, CancellationToken.None), cancellationToken);
                hold.Settled = call.ChargedBy(charged);
            }

            hold.ChargedInEpoch = epochs.RecordingEpoch;
        }
    }

    private static SettledCall Settled(Hold hold) =>
        hold.Settled ?? throw new InvalidOperationException($"{hold.ReceiptId} was finished unsettled.");

    [LoggerMessage(2, LogLevel.Warning, "The front was not told that {Calls} settlements are recorded; it is told later: {Reason}")]
    private partial void LogNotAcknowledged(int calls, string reason);

    [LoggerMessage(1, LogLevel.Warning, "The book did not take a batch of {Calls} calls; the same batch again in {PauseMs} ms.")]
    private partial void LogRetry(Exception exception, int calls, long pauseMs);
}
