using System.Diagnostics.Metrics;

namespace Gateway.Ledger;

/// <content>What can be read at any moment: asked for when metrics are collected, never on a call.</content>
public sealed partial class SpooledLedger
{
    private static readonly KeyValuePair<string, object?> SpoolPart = new(LedgerMetrics.PartName, "spool"), BookPart = new(LedgerMetrics.PartName, "book"),
        FrontPart = new(LedgerMetrics.PartName, "front"), ClockPart = new(LedgerMetrics.PartName, "clock");

    // An observable counter: what was replayed before anybody listened is not lost.
    private long replayed;
    private long holds;

    private void AddGauges()
    {
        var meter = metrics.Meter;
        meter.CreateObservableGauge(LedgerMetrics.Unrecorded, () => pending.Count, "{settlement}", "Settlements that wait for the book.");
        meter.CreateObservableGauge(LedgerMetrics.SpoolSize, () => spool.Size, "By", "From the oldest record of the spool that is still needed to the newest.");
        meter.CreateObservableGauge(LedgerMetrics.Holds, () => Interlocked.Read(ref holds), "{hold}", "This gateway's holds that are not settled.");
        meter.CreateObservableGauge(LedgerMetrics.Part, Parts, unit: null, "1: the part is well; 0: it is not.");
        meter.CreateObservableCounter(LedgerMetrics.Replayed, () => Interlocked.Read(ref replayed), "{call}", "Calls that a spool was replayed with.");
        if (epochs is not null)
            meter.CreateObservableGauge(LedgerMetrics.Epoch, () => epochs.RecordingEpoch, unit: null, "The epoch of the shared front.");
    }

    private Measurement<int>[] Parts()
    {
        var health = Health;
        return [Of(health.SpoolOk, SpoolPart), Of(health.BookOk, BookPart), Of(health.FrontOk, FrontPart), Of(!health.ClockIsWrong, ClockPart)];

        static Measurement<int> Of(bool isWell, KeyValuePair<string, object?> part) => new(isWell ? 1 : 0, part);
    }

    private void NoteReplayed(int calls)
    {
        Interlocked.Add(ref replayed, calls);
        if (calls > 0)
            LogReplayed(calls);
    }
}
