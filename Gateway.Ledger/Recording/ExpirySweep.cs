using Gateway.Ledger.Book;
using Gateway.Ledger.Front;
using Microsoft.Extensions.Logging;

namespace Gateway.Ledger.Recording;

/// <summary>Takes what is left out of packs that have ended, once an hour; several gateways may sweep at once.</summary>
internal sealed partial class ExpirySweep(IBook book, IFront front, TimeProvider time, ILogger logger)
{
    /// <summary>Packs in one transaction.</summary>
    internal const int BatchSize = 100;

    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    // A call in flight at a pack's end is still charged to it; a day later no call can be in flight.
    private static readonly TimeSpan Grace = TimeSpan.FromHours(24);

    /// <summary>Sweeps now and then every hour, until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                await SweepAsync(cancellationToken);
            }
            catch (Exception exception) when (BookFailure.Is(exception))
            {
                LogFailed(exception);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    /// <summary>Empties every pack that ended a day ago, and tells the front.</summary>
    /// <returns>How many.</returns>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var swept = 0;
        IReadOnlyList<(string Account, BucketBalance Bucket)> batch;
        do
        {
            batch = await book.ExpireAsync(now - Grace, BatchSize, now, cancellationToken);
            foreach (var (account, bucket) in batch)
                await front.CreditAsync(account, bucket, cancellationToken);
            swept += batch.Count;
        }
        while (batch.Count == BatchSize);
        if (swept > 0)
            LogSwept(swept);
        return swept;
    }

    [LoggerMessage(1, LogLevel.Information, "{Packs} packs had ended with credits left: they were taken out.")]
    private partial void LogSwept(int packs);

    [LoggerMessage(2, LogLevel.Warning, "The sweep of packs that have ended failed; it runs again in an hour.")]
    private partial void LogFailed(Exception exception);
}
