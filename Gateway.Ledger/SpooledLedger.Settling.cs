using System.Buffers;
using Gateway.Ledger.Book;
using Gateway.Ledger.Front;
using Gateway.Ledger.Recording;
using Gateway.Ledger.Spool;
using Microsoft.Extensions.Logging;

namespace Gateway.Ledger;

/// <summary>The part that ends a call: durable in the spool, charged in the front, on its way to the book.</summary>
public sealed partial class SpooledLedger
{
    /// <inheritdoc/>
    public async ValueTask<Settled> SettleAsync(Hold hold, Settlement settlement, CancellationToken cancellationToken)
    {
        var ending = new TaskCompletionSource<Settled>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref hold.Ending, ending, null) is { } first)
            return await first.Task.WaitAsync(cancellationToken);

        Interlocked.Decrement(ref holds);
        try
        {
            CrashPoint.Reach("upstream_ended");

            // Not cancelled by the client: one that hangs up has still used the tokens.
            var settled = await SettleFirstAsync(hold, settlement);
            ending.SetResult(settled);
            return settled;
        }
        catch (Exception exception)
        {
            ending.SetException(exception);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Delivering(Hold hold)
    {
        if (Interlocked.Exchange(ref hold.DeliveringWritten, 1) != 0)
            return;

        try
        {
            spool.AppendNow(hold, RecordKind.Delivering, []);
            CrashPoint.Reach("delivering_spooled");
        }
        catch (IOException exception)
        {
            // The settlement is durable. Without this record a crash from here to the recording refunds the call: the house's loss.
            LogSpoolFailed(exception);
        }
    }

    /// <inheritdoc/>
    public void Finish(Hold hold, Delivery delivery)
    {
        if (hold.Settled is not { } call || Interlocked.Exchange(ref hold.Finished, 1) != 0)
            return;

        CrashPoint.Reach("last_byte_written");

        // Whatever was not refunded stands: without the record, a replay before the segment is deleted would refund it.
        if (delivery != Delivery.Refunded)
            Delivering(hold);

        call.Delivery = delivery;
        RecordingSpans.Begin(hold, time);
        StepToRecorder(hold);
    }

    // Free settlements are not waited for: losing one loses nothing but its receipt's ending.
    private Task AppendSettlement(Hold hold, SettledCall call)
    {
        var rented = ArrayPool<byte>.Shared.Rent(SettlePayload.MaxBytes(call));
        try
        {
            var payload = rented.AsSpan(0, SettlePayload.Write(rented, call, hold.Request.Facts.Streamed));
            if (call.Cost > Credits.Zero)
                return spool.AppendDurablyAsync(hold, RecordKind.Settle, payload);

            spool.Append(hold, RecordKind.Settle, payload);
            return Task.CompletedTask;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private void WriteCheckpoint(Hold hold, Credits cost, in Usage delivered)
    {
        Span<byte> payload = stackalloc byte[CheckpointPayload.Bytes];
        CheckpointPayload.Write(payload, cost, delivered);
        try
        {
            spool.AppendNow(hold, RecordKind.Checkpoint, payload);
            CrashPoint.Reach("checkpoint_spooled");
        }
        catch (IOException exception)
        {
            LogSpoolFailed(exception);
        }
    }

    private async ValueTask<Settled> SettleFirstAsync(Hold hold, Settlement settlement)
    {
        var cost = Cost(hold, settlement);
        var planned = Call(hold, settlement, Credits.Min(cost, hold.Amount), Credits.Max(cost - hold.Amount, Credits.Zero), paidBy: null);
        if (!await SpoolAsync(hold, planned))
        {
            await RecordNowAsync(hold, planned);
            cost = planned.Cost;
        }

        var mayOverrun = settlement.Outcome == Outcome.Complete;
        hold.SettledTokens = settlement.Usage.TotalTokens;
        var (charged, isCharged) = await ChargeAsync(hold, cost, mayOverrun, planned);
        var call = planned with { PaidBy = charged.PaidBy };
        if (spool.Healthy && (charged.Charged != planned.Cost || charged.Shortfall != planned.Shortfall))
        {
            // The buckets had more than the hold (or the reaper was faster): the last settlement of a call is the one that a replay takes.
            var ended = charged.Charged + charged.Shortfall < cost ? settlement with { Outcome = Outcome.Recovered } : settlement;
            call = Call(hold, ended, charged.Charged, charged.Shortfall, charged.PaidBy);
            await SpoolAsync(hold, call);
        }

        hold.Settled = call;
        pending.Add(hold);
        if (isCharged)
            StepToRecorder(hold);
        else
            deferred[hold.ReceiptId] = hold;
        return new Settled(call.Outcome, call.Cost, call.Shortfall, call.PaidBy, charged.Balance);
    }

    // Without a front the settlement is what the spool has, and the front hears of it when there is one again.
    private async ValueTask<(FrontSettlement Charged, bool IsCharged)> ChargeAsync(Hold hold, Credits cost, bool mayOverrun, SettledCall planned)
    {
        try
        {
            CrashPoint.Reach("settle_spooled");
            var started = metrics.StartFront();
            var charged = await front.SettleAsync(hold, cost, mayOverrun, hold.SettledTokens, planned, CancellationToken.None);
            metrics.FrontTook(FrontOperation.Settle, started);
            CrashPoint.Reach("settle_fronted");
            return (charged, true);
        }
        catch (FrontUnavailableException exception)
        {
            LogDeferred(hold.ReceiptId, exception.Message);
            var left = planned.PaidBy.Aggregate(Credits.Zero, static (sum, share) => sum + share.BalanceAfter);
            return (new FrontSettlement(planned.Cost, planned.Shortfall, planned.PaidBy, left), false);
        }
    }

    /// <summary>A call goes to the recorder when it is charged and finished, whichever comes last.</summary>
    private void StepToRecorder(Hold hold)
    {
        if (Interlocked.Increment(ref hold.RecordingSteps) == 2)
            recorder.Add(hold);
    }

    private static Credits Cost(Hold hold, in Settlement settlement)
    {
        if (settlement.Outcome is Outcome.Failed or Outcome.Empty or Outcome.Rejected or Outcome.Cached)
            return Credits.Zero;

        var cost = hold.Request.Price.Cost(settlement.Usage);
        var mayOverrun = settlement.Outcome == Outcome.Complete && hold.Request.Facts.DisputedUsage is null;
        return mayOverrun ? cost : Credits.Min(cost, hold.Amount);
    }

    // paidBy null: along the hold, as far as is known before the front has charged.
    private SettledCall Call(Hold hold, in Settlement settlement, Credits cost, Credits shortfall, IReadOnlyList<BucketShare>? paidBy)
    {
        var request = hold.Request;
        var outcome = shortfall > Credits.Zero ? Outcome.Overrun : settlement.Outcome;
        var receipt = ReceiptDocument.Draft(
            request.Facts, hold.ReceiptId, hold.HeldAt, outcome, settlement.Usage, settlement.CountedBy, request.Price, cost, shortfall, hold.Amount);
        return new SettledCall(
            hold.ReceiptId, request.Account, request.Facts.Workspace, request.Key.KeyId, request.Facts.RunId, hold.HeldAt, time.GetUtcNow(),
            outcome, cost, shortfall, paidBy ?? HoldSplit.Pay(hold.Split, cost), receipt)
        {
            MemberId = request.Facts.MemberId,
        };
    }

    private async ValueTask<bool> SpoolAsync(Hold hold, SettledCall call)
    {
        var started = metrics.StartSpool();
        try
        {
            await AppendSettlement(hold, call);
            if (call.Cost > Credits.Zero)
                metrics.SpoolTook(started);
            return true;
        }
        catch (IOException exception)
        {
            LogSpoolFailed(exception);
            return false;
        }
    }

    private async ValueTask RecordNowAsync(Hold hold, SettledCall call)
    {
        if (call.Cost == Credits.Zero)
            return;

        try
        {
            using var patience = new CancellationTokenSource(BookPatience, time);
            await book.RecordAsync([call], patience.Token).WaitAsync(patience.Token);
        }
        catch (Exception exception) when (BookFailure.Is(exception) || exception is OperationCanceledException)
        {
            await VoidAsync(hold);
            throw new IOException($"Neither the spool nor the book took the settlement of {hold.ReceiptId}; the hold is void.", exception);
        }
    }

    // The book may have taken it and not said so: the recorder writes the void later, and reverses a charge that it finds.
    private async ValueTask VoidAsync(Hold hold)
    {
        await VoidHoldAsync(hold);
        hold.Settled = Call(hold, new Settlement(Outcome.Failed, default, CountedBy.None), Credits.Zero, Credits.Zero, []);
        hold.Settled.Delivery = Delivery.Refunded;
        hold.Finished = 1;
        hold.RecordingSteps = 2;
        RecordingSpans.Begin(hold, time);
        pending.Add(hold);
        recorder.Add(hold);
    }

    private async ValueTask VoidHoldAsync(Hold hold)
    {
        try
        {
            await front.SettleAsync(hold, Credits.Zero, mayOverrun: false, tokens: 0, planned: null, CancellationToken.None);
        }
        catch (FrontUnavailableException exception)
        {
            LogDeferred(hold.ReceiptId, exception.Message);
            epochs?.VoidLater(epochs.RecordingEpoch, hold.Request);
            epochs?.Forget(hold);
        }
    }

    [LoggerMessage(5, LogLevel.Warning, "No front answered for the settlement of {ReceiptId}: it is in the spool, and is charged when one does. {Reason}")]
    private partial void LogDeferred(ReceiptId receiptId, string reason);

    [LoggerMessage(2, LogLevel.Critical, "The spool has failed: no more calls are admitted.")]
    private partial void LogSpoolFailed(Exception exception);
}
