using Gateway.Ledger.Front;

namespace Gateway.Ledger;

/// <summary>The part that ends what callers left behind: holds whose lease is over, and settlements that were never finished.</summary>
public sealed partial class SpooledLedger
{
    private static readonly TimeSpan MostBetweenSweeps = TimeSpan.FromSeconds(1);

    // A sweep asks every shard of a shared front, and every gateway sweeps.
    private static readonly TimeSpan MostBetweenSharedSweeps = TimeSpan.FromSeconds(4);

    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        var most = epochs is null ? MostBetweenSweeps : MostBetweenSharedSweeps;
        var interval = options.HoldLease / 4 < most ? options.HoldLease / 4 : most;
        using var timer = new PeriodicTimer(interval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                await SweepOnceAsync(cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // Whatever it was: holds that nobody ends would stay.
                LogSweepFailed(exception.Message);
            }
        }
    }

    private async Task SweepOnceAsync(CancellationToken cancellationToken)
    {
        foreach (var (hold, charged) in await front.ReapAsync(cancellationToken))
        {
            CrashPoint.Reach("hold_reaped");
            await RecoverAsync(hold, charged);
        }

        foreach (var hold in pending.Unfinished(time.GetUtcNow() - options.HoldLease * 2))
            Finish(hold, Delivery.Unconfirmed);
    }

    private async Task RecoverAsync(Hold hold, FrontSettlement charged)
    {
        // A settlement that is under way gets the reaper's charge from the front, and records it.
        var ending = new TaskCompletionSource<Settled>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref hold.Ending, ending, null) is not null)
            return;

        Interlocked.Decrement(ref holds);
        metrics.HoldsReaped(1);

        var countedBy = hold.DeliveredUsage == default ? CountedBy.None : CountedBy.Gateway;
        var settlement = new Settlement(Outcome.Recovered, hold.DeliveredUsage, countedBy);
        hold.Settled = Call(hold, settlement, charged.Charged, charged.Shortfall, charged.PaidBy);
        pending.Add(hold);
        StepToRecorder(hold);
        ending.SetResult(new Settled(Outcome.Recovered, charged.Charged, charged.Shortfall, charged.PaidBy, charged.Balance));
        await SpoolAsync(hold, hold.Settled);
        CrashPoint.Reach("recovery_spooled");
        Finish(hold, Delivery.Unconfirmed);
    }
}
