using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Gateway.Ledger.Front;
using Microsoft.Extensions.Logging;

namespace Gateway.Ledger.Proof;

/// <summary>Looks every minute at what was recorded since the last look: the blocks, their entries, and the buckets that they touched. It tells, and never repairs.</summary>
/// <param name="book">The book.</param>
/// <param name="keys">Verify the blocks; <c>null</c>: signatures are not looked at.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Gets an error for each difference.</param>
/// <param name="front">Compares some more accounts of the front with the book; <c>null</c>: no front that could be.</param>
internal sealed partial class Reconciler(
    IProofBook book, ReceiptKeys? keys, TimeProvider time, ILogger logger, Func<CancellationToken, Task<FrontFindings>>? front = null) : IAsyncDisposable
{
    // Blocks a look: at 10 blocks a second, the most that one recorder writes, a minute has 600.
    private const int MostBlocks = 2_000;
    private const int MostBuckets = 10_000;
    private const int MostTold = 10_000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(60);

    private readonly ChainWalk walk = new(keys);
    private readonly ConcurrentDictionary<string, long> drift = new(StringComparer.Ordinal)
    {
        [Checks.Chain] = 0, [Checks.DoubleEntry] = 0, [Checks.Bucket] = 0, [Checks.Front] = 0,
    };

    private readonly HashSet<string> told = new(StringComparer.Ordinal);
    private readonly Meter meter = new(LedgerMetrics.Name);
    private readonly CancellationTokenSource stop = new();
    private Task running = Task.CompletedTask;
    private bool started;
    private int disposed;
    private DateOnly closedDay;
    private long reconciledAt;
    private long behind;

    /// <summary>Differences found since the start.</summary>
    public long Drift => drift.Values.Sum();

    /// <summary>Looks again and again until it is stopped.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        meter.CreateObservableGauge(
            LedgerMetrics.Drift, Drifts, unit: "{difference}", description: "Differences that the reconciler has found since the start, by check; anything but 0 needs a person.");
        meter.CreateObservableGauge(
            LedgerMetrics.ReconciledAt, () => Interlocked.Read(ref reconciledAt), unit: "s", description: "Unix time of the last look that came to its end.");
        meter.CreateObservableGauge(
            LedgerMetrics.Unreconciled, () => Interlocked.Read(ref behind), unit: "{block}", description: "Blocks that the last look left for the next one.");
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await LookAsync(cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // Whatever it was: the next look takes up where this one should have. A loop that ended would look like a book without drift.
                LogFailed(exception);
            }

            // Jitter, so that gateways that were started together do not all look at once.
            await Task.Delay(Interval * (0.9 + 0.2 * Random.Shared.NextDouble()), time, cancellationToken);
        }
    }

    /// <summary>One look. The first one takes the chains as they are: what came before is <c>verify-ledger</c>'s.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        await CloseYesterdayAsync(cancellationToken);
        await LookAtBookAsync(cancellationToken);
        await CompareFrontAsync(cancellationToken);
        Interlocked.Exchange(ref reconciledAt, time.GetUtcNow().ToUnixTimeSeconds());
    }

    /// <summary>Begins to look, in the background, until it is disposed of.</summary>
    public void Start() => running = RunAsync(stop.Token);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
            return;

        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        meter.Dispose();
        stop.Dispose();
    }

    private async Task CloseYesterdayAsync(CancellationToken cancellationToken)
    {
        var yesterday = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime).AddDays(-1);
        if (closedDay == yesterday)
            return;

        await book.CloseDayAsync(yesterday, cancellationToken);
        closedDay = yesterday;
    }

    private async Task LookAtBookAsync(CancellationToken cancellationToken)
    {
        await using var snapshot = await book.OpenSnapshotAsync(cancellationToken);
        var tails = await snapshot.TailsAsync(before: null, cancellationToken);
        if (!started)
        {
            foreach (var tail in tails)
                walk.StartAfter(tail);
            started = true;
        }

        var touched = new Dictionary<(string Account, string Bucket, string Currency), long>();
        var left = MostBlocks;
        foreach (var tail in tails)
            left -= await WalkAsync(snapshot, tail, left, touched, cancellationToken);
        foreach (var ((account, bucket, currency), version) in touched)
            Note(Checks.Bucket, await snapshot.CheckBucketAsync(account, bucket, currency, version, cancellationToken));

        Interlocked.Exchange(ref behind, tails.Sum(tail => tail.Number - (walk.Tails.GetValueOrDefault(tail.Chain)?.Number ?? 0)));
    }

    private async Task<int> WalkAsync(
        ProofSnapshot snapshot, ChainTail tail, int most, Dictionary<(string Account, string Bucket, string Currency), long> touched, CancellationToken cancellationToken)
    {
        var from = walk.Tails.GetValueOrDefault(tail.Chain)?.Number ?? 0;
        if (tail.Number < from)
            Note(Checks.Chain, $"chain {tail.Chain} ends at number {tail.Number}, and had come to number {from}");
        if (tail.Number <= from || most <= 0 || touched.Count >= MostBuckets)
            return 0;

        var walked = 0;
        await foreach (var block in snapshot.BlocksOfAsync(tail.Chain, from, most, cancellationToken))
        {
            walked++;
            Note(Checks.Chain, walk.Check(block));
            Note(Checks.DoubleEntry, Unbalanced(block));
            foreach (var entry in block.Entries)
            {
                var bucket = (entry.Account, entry.Bucket, entry.Currency);
                touched[bucket] = Math.Min(touched.GetValueOrDefault(bucket, long.MaxValue), entry.Version);
            }

            if (touched.Count >= MostBuckets)
                break;
        }

        return walked;
    }

    // An event's entries are written in one transaction, so they are in one block.
    private static string? Unbalanced(FilledBlock block)
    {
        var wrong = block.Entries.GroupBy(static entry => (entry.Account, entry.Currency, entry.Reference, entry.Kind))
            .FirstOrDefault(static entries => entries.Sum(static entry => entry.Amount) != 0);
        return wrong is null ? null : $"the {wrong.Key.Kind} entries of {wrong.Key.Reference} in block {block.Block.Id} do not sum to 0";
    }

    // A front's difference stays until a person ends it, and its accounts come round again: it is told once.
    private async Task CompareFrontAsync(CancellationToken cancellationToken)
    {
        if (front is null)
            return;

        try
        {
            foreach (var difference in (await front(cancellationToken)).Differences)
            {
                if (told.Count < MostTold && told.Add(difference))
                    Note(Checks.Front, difference);
            }
        }
        catch (FrontUnavailableException exception)
        {
            LogFrontAway(exception.Message);
        }
    }

    private void Note(string check, string? difference)
    {
        if (difference is null)
            return;

        drift.AddOrUpdate(check, 1, static (_, count) => count + 1);
        LogDifference(check, difference);
    }

    private IEnumerable<Measurement<long>> Drifts()
    {
        foreach (var (check, count) in drift)
            yield return new Measurement<long>(count, new KeyValuePair<string, object?>("check", check));
    }

    [LoggerMessage(1, LogLevel.Error, "The ledger has a difference ({Check}): {Difference}. Nothing was repaired; \"verify-ledger\" looks at the whole book.")]
    private partial void LogDifference(string check, string difference);

    [LoggerMessage(2, LogLevel.Warning, "The reconciler could not look at the book; it looks again in a minute.")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(3, LogLevel.Information, "The front could not be compared with the book; it is looked at again in a minute: {Reason}")]
    private partial void LogFrontAway(string reason);

    private static class Checks
    {
        public const string Chain = "chain";
        public const string DoubleEntry = "double_entry";
        public const string Bucket = "bucket";
        public const string Front = "front";
    }
}
