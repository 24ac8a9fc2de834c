using System.Threading.Channels;
using Gateway.Ledger.Book;
using Gateway.Ledger.Front;
using Gateway.Ledger.Spool;
using Microsoft.Extensions.Logging;

namespace Gateway.Ledger.Recording;

/// <summary>Brings finished calls to the book in batches; a batch that fails is tried again unchanged, for a failed commit may have happened.</summary>
internal sealed partial class Recorder(IBook book, IFront front, SettlementSpool spool, PendingCalls pending, TimeProvider time, ILogger logger)
{
    private const int BatchSize = 500;
    private static readonly TimeSpan BatchTime = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(5);

    // Unbounded as a queue, bounded by admission: no call starts above Gateway__MaxUnrecorded, and each call is here once.
    private readonly Channel<Hold> finished = Channel.CreateUnbounded<Hold>();
    private long downSince = -1;

    /// <summary>How long the book has refused batches; zero: it takes them.</summary>
    public TimeSpan Down => Interlocked.Read(ref downSince) is >= 0 and var since ? time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>Whether the last batch was recorded.</summary>
    public bool BookOk => Interlocked.Read(ref downSince) < 0;

    public void Add(Hold hold) => finished.Writer.TryWrite(hold);

    /// <summary>No more calls come; the loop ends when all are recorded.</summary>
    public void Complete() => finished.Writer.TryComplete();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var batch = new List<Hold>(BatchSize);
        while (await finished.Reader.WaitToReadAsync(cancellationToken))
        {
            await FillAsync(batch, cancellationToken);
            await RecordAsync(batch, cancellationToken);
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
        var calls = batch.ConvertAll(static hold => hold.Settled ?? throw new InvalidOperationException($"{hold.ReceiptId} was finished unsettled."));
        var pause = FirstRetry;
        while (true)
        {
            try
            {
                await book.RecordAsync(calls, cancellationToken);
                foreach (var hold in batch.Where(static hold => hold.Settled!.Delivery == Delivery.Refunded))
                {
                    await book.VoidAsync(hold.ReceiptId, time.GetUtcNow(), cancellationToken);
                    await front.RefundAsync(hold, cancellationToken);
                }

                break;
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // Whatever it was: a recorder that ends would lose the settlements of all later calls, one that repeats is seen in health and log.
                Interlocked.CompareExchange(ref downSince, time.GetTimestamp(), -1);
                LogRetry(exception, calls.Count, (long)pause.TotalMilliseconds);
                await Task.Delay(pause, time, cancellationToken);
                pause = pause * 2 < LastRetry ? pause * 2 : LastRetry;
            }
        }

        Interlocked.Exchange(ref downSince, -1);
        spool.Unpin(batch.Where(static hold => hold.PinnedSegments is not null).Select(static hold => hold.PinnedSegments!.Value));
        foreach (var hold in batch)
            pending.Remove(hold.ReceiptId);
    }

    [LoggerMessage(1, LogLevel.Warning, "The book did not take a batch of {Calls} calls; the same batch again in {PauseMs} ms.")]
    private partial void LogRetry(Exception exception, int calls, long pauseMs);
}
