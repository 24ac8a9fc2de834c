using System.Collections.Concurrent;
using Gateway.Ledger.Coordination;
using Gateway.Ledger.Front;
using Gateway.Ledger.Recording;
using Microsoft.Extensions.Logging;

namespace Gateway.Ledger;

/// <summary>What this gateway does when the epoch of a shared front changes. See <c>docs/decisions/0004-epochs-of-the-front.md</c>.</summary>
public sealed partial class SpooledLedger : IEpochWork
{
    private const int ClaimBatch = 500;

    // A plain answer is written in a moment; what takes longer is recorded as it is.
    private static readonly TimeSpan UnfinishedPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan UnfinishedPause = TimeSpan.FromMilliseconds(10);

    // What a dead gateway left can wait for a moment.
    private static readonly TimeSpan ClaimPause = TimeSpan.FromSeconds(2);

    // Settled in the spool while no front answered: bounded by admission, as the pending calls are.
    private readonly ConcurrentDictionary<ReceiptId, Hold> deferred = new();
    private readonly ConcurrentQueue<(string Account, BucketBalance Bucket)> untold = new();
    private long? claimedAt;

    /// <inheritdoc/>
    async Task IEpochWork.DrainAsync(ISharedFront rows, CancellationToken cancellationToken)
    {
        await ReplayAsync(front: null, cancellationToken);
        foreach (var hold in deferred.Values)
            Release(hold);
        await FinishAllAsync(cancellationToken);
        untold.Clear();
        await recorder.FlushAsync(cancellationToken);

        // The book's own front is there whenever the book is: what dead gateways left in it needs no front to be charged in now.
        await ClaimAsync(rows, liveGateways: null, cancellationToken);
    }

    /// <inheritdoc/>
    async Task IEpochWork.RestoreAsync(ISharedFront front, CancellationToken cancellationToken)
    {
        foreach (var hold in Epochs.LiveHolds)
            await RestoreAsync(front, hold, cancellationToken);
    }

    /// <inheritdoc/>
    async Task IEpochWork.JoinAsync(ISharedFront front, CancellationToken cancellationToken)
    {
        await ReplayAsync(front, cancellationToken);
        foreach (var hold in deferred.Values)
            Release(hold);
        foreach (var hold in Epochs.LiveHolds)
            await RestoreAsync(front, hold, cancellationToken);
    }

    /// <inheritdoc/>
    async Task IEpochWork.TendAsync(ISharedFront front, IReadOnlySet<string> liveGateways, CancellationToken cancellationToken)
    {
        await Epochs.VoidUnknownAsync(cancellationToken);
        await SettleDeferredAsync();
        await TellAsync(cancellationToken);
        await recorder.AcknowledgeAsync(cancellationToken);
        if (claimedAt is { } before && time.GetElapsedTime(before) < ClaimPause)
            return;

        await ClaimAsync(front, liveGateways, cancellationToken);
        claimedAt = time.GetTimestamp();
    }

    private EpochFront Epochs => epochs ?? throw new InvalidOperationException("This ledger has one front only.");

    /// <summary>What the gateway that had this spool before has left in it; once.</summary>
    private async Task ReplayAsync(ISharedFront? front, CancellationToken cancellationToken)
    {
        if (replay is not { } left)
            return;

        var calls = await left.RunAsync(front, cancellationToken);
        replay = null;
        NoteReplayed(calls);
    }

    private async Task RestoreAsync(ISharedFront front, Hold hold, CancellationToken cancellationToken)
    {
        var delivered = hold.DeliveredUsage;
        var cost = Credits.Min(hold.Request.Price.Cost(delivered), hold.Amount);
        await front.RestoreAsync(hold, cost, delivered, cancellationToken);
    }

    /// <summary>The charge goes to the book as the spool has it: accounts that load later find it there.</summary>
    private void Release(Hold hold)
    {
        if (!deferred.TryRemove(hold.ReceiptId, out _))
            return;

        Epochs.Forget(hold);
        StepToRecorder(hold);
    }

    private async Task FinishAllAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (pending.Unfinished(DateTimeOffset.MaxValue).Any(IsCharged) && time.GetElapsedTime(started) < UnfinishedPatience)
            await Task.Delay(UnfinishedPause, time, cancellationToken);
        foreach (var hold in pending.Unfinished(DateTimeOffset.MaxValue).Where(IsCharged))
            Finish(hold, Delivery.Unconfirmed);
    }

    private static bool IsCharged(Hold hold) => Volatile.Read(ref hold.RecordingSteps) == 1;

    /// <summary>Charges now what could not be charged when it was settled.</summary>
    private async Task SettleDeferredAsync()
    {
        foreach (var hold in deferred.Values)
        {
            var call = hold.Settled!;
            var planned = call.Delivery == Delivery.Refunded ? null : call;
            var charged = await Epochs.SettleAsync(hold, call.Cost, mayOverrun: false, hold.SettledTokens, planned, CancellationToken.None);
            if (!deferred.TryRemove(hold.ReceiptId, out _))
                continue;

            if (planned is not null && charged.Charged != call.Cost)
                hold.Settled = call.ChargedBy(charged);
            StepToRecorder(hold);
        }
    }

    /// <summary>News of top-ups that no front could be told.</summary>
    private async Task TellAsync(CancellationToken cancellationToken)
    {
        for (var left = untold.Count; left > 0 && untold.TryDequeue(out var news); left--)
            await CreditAsync(news.Account, news.Bucket, cancellationToken);
    }

    private async Task CreditAsync(string account, BucketBalance bucket, CancellationToken cancellationToken)
    {
        try
        {
            await front.CreditAsync(account, bucket, cancellationToken);
        }
        catch (FrontUnavailableException exception)
        {
            // The book has it: an account that loads finds it there; one that stays loaded is told later.
            LogUntold(account, exception.Message);
            untold.Enqueue((account, bucket));
        }
    }

    private async Task ClaimAsync(ISharedFront front, IReadOnlySet<string>? liveGateways, CancellationToken cancellationToken)
    {
        for (var left = options.MaxUnrecorded; left > 0; left -= ClaimBatch)
        {
            var calls = await front.ClaimAsync(liveGateways, ClaimBatch, cancellationToken);
            await RecordClaimedAsync(front, calls, cancellationToken);
            if (calls.Count < ClaimBatch)
                return;
        }
    }

    private async Task RecordClaimedAsync(ISharedFront front, IReadOnlyList<UnrecordedCall> calls, CancellationToken cancellationToken)
    {
        if (calls.Count == 0)
            return;

        var recorded = await book.RecordAsync([.. calls.Select(static claimed => claimed.Call)], cancellationToken);
        CrashPoint.Reach("claim_recorded");
        await front.AcknowledgeAsync([.. calls.Select(static claimed => (claimed.Call.Account, claimed.Call.ReceiptId))], cancellationToken);
        metrics.HoldsReaped(calls.Count(static claimed => claimed.Gateway is null));
        if (recorded > 0)
            LogClaimed(recorded);
    }

    [LoggerMessage(10, LogLevel.Information, "Recorded {Calls} calls that other gateways left, or that were reaped.")]
    private partial void LogClaimed(int calls);

    [LoggerMessage(12, LogLevel.Warning, "No front could be told of a posting to {Account}; it is told later: {Reason}")]
    private partial void LogUntold(string account, string reason);
}
