using System.Runtime.InteropServices;
using Gateway.Ledger.Book;
using Gateway.Ledger.Spool;

namespace Gateway.Ledger.Recording;

/// <summary>Brings what a dead gateway left in its spool to the book, before anything else happens. May be killed at any point and run again.</summary>
internal sealed class Replay(string folder, IBook book, TimeProvider time)
{
    private const int BatchSize = 500;
    private const string Actor = "gateway";

    private readonly Dictionary<ReceiptId, Fate> fates = [];
    private readonly List<SettledCall> batch = [];
    private readonly List<ReceiptId> refunds = [];

    /// <summary>Records and deletes what was replayed.</summary>
    /// <returns>How many calls were found, and the number of the last segment (−1: none).</returns>
    public async Task<(int Calls, int LastSegment)> RunAsync(CancellationToken cancellationToken)
    {
        foreach (var draft in Directory.EnumerateFiles(folder, "*.new"))
            File.Delete(draft);

        var segments = SpoolReader.Segments(folder);

        // Two passes: the first keeps a few bytes a call, so that a long spool does not have to fit into memory.
        foreach (var record in SpoolReader.Read(folder))
            Note(record);
        foreach (var record in SpoolReader.Read(folder))
        {
            Take(record);
            if (batch.Count >= BatchSize)
                await FlushAsync(cancellationToken);
        }

        await FlushAsync(cancellationToken);
        foreach (var segment in segments)
            File.Delete(SpoolReader.FileOf(folder, segment));
        return (fates.Count, segments.Count == 0 ? -1 : segments[^1]);
    }

    private void Note(in ReadRecord record)
    {
        ref var fate = ref CollectionsMarshal.GetValueRefOrAddDefault(fates, record.Id, out _);
        var at = (record.Segment, record.Offset);
        switch (record.Kind)
        {
            case RecordKind.Settle:
                fate.SettledIn = at;
                break;
            case RecordKind.Checkpoint:
                var (cost, usage) = CheckpointPayload.Read(record.Payload.Span);
                if (fate.Checkpoint is null || cost >= fate.Checkpoint.Cost)
                    fate.Checkpoint = new Delivered(cost, usage);
                break;
            case RecordKind.Delivering:
                fate.Delivering = true;
                break;
            case RecordKind.Intent:
                break;
            default:
                throw new InvalidDataException($"The spool in '{folder}' has a record of kind {record.Kind} in segment {record.Segment}: written by a newer gateway?");
        }
    }

    private void Take(in ReadRecord record)
    {
        var fate = fates[record.Id];
        if (record.Kind == RecordKind.Settle && fate.SettledIn == (record.Segment, record.Offset))
        {
            var (call, streamed) = SettlePayload.Read(record.Id, record.Payload.Span);
            batch.Add(call);

            // The end of a plain answer had not begun to leave: the client got nothing. A stream had delivered its content before it was settled.
            if (!fate.Delivering && !streamed && call.Cost > Credits.Zero)
                refunds.Add(record.Id);
        }
        else if (record.Kind == RecordKind.Intent && fate.SettledIn is null)
        {
            batch.Add(Recover(record.Id, IntentPayload.Read(record.Payload.Span), fate.Checkpoint));
        }
    }

    private SettledCall Recover(ReceiptId id, IntentPayload intent, Delivered? delivered)
    {
        var cost = Credits.Min(delivered?.Cost ?? Credits.Zero, new Credits(intent.Amount));
        var countedBy = delivered is null ? CountedBy.None : CountedBy.Gateway;
        var receipt = ReceiptDocument.Draft(
            intent.Facts, id, intent.HeldAt, Outcome.Recovered, delivered?.Usage ?? default, countedBy, intent.Price, cost, Credits.Zero, new Credits(intent.Amount));
        return new SettledCall(
            id, intent.Account, intent.Facts.Workspace, intent.KeyId, intent.Facts.RunId, intent.HeldAt, time.GetUtcNow(),
            Outcome.Recovered, cost, Credits.Zero, intent.Pay(cost), receipt)
        {
            MemberId = intent.Facts.MemberId,
        };
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (batch.Count > 0)
            await book.RecordAsync([.. batch], cancellationToken);
        foreach (var id in refunds)
            await book.RefundAsync(new Refund { ReceiptId = id, Reason = RefundReason.Undelivered, Actor = Actor }, time.GetUtcNow(), cancellationToken);
        batch.Clear();
        refunds.Clear();
    }

    private struct Fate
    {
        public (int Segment, int Offset)? SettledIn;
        public Delivered? Checkpoint;
        public bool Delivering;
    }

    private sealed record Delivered(Credits Cost, Usage Usage);
}
