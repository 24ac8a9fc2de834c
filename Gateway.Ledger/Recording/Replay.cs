using System.Runtime.InteropServices;
using Gateway.Ledger.Book;
using Gateway.Ledger.Front;
using Gateway.Ledger.Spool;

namespace Gateway.Ledger.Recording;

/// <summary>Brings what a dead gateway left in its spool to the book. May be killed at any point and run again.</summary>
internal sealed class Replay
{
    private const int BatchSize = 500;
    private const string Actor = "gateway";

    private readonly string folder;
    private readonly IBook book;
    private readonly ICallStore? answers;
    private readonly TimeProvider time;
    private readonly IReadOnlyList<int> segments;
    private readonly Dictionary<ReceiptId, Fate> fates = [];
    private readonly List<SettledCall> batch = [];
    private readonly List<ReceiptId> refunds = [];

    /// <summary>Notes which segments there are: a spool that is opened afterwards adds its own.</summary>
    /// <param name="folder">The spool.</param>
    /// <param name="book">Where the calls go.</param>
    /// <param name="answers">Says which answers were, or still may be, fetched; <c>null</c>: none are kept.</param>
    /// <param name="time">The clock.</param>
    public Replay(string folder, IBook book, ICallStore? answers, TimeProvider time)
    {
        this.folder = folder;
        this.book = book;
        this.answers = answers;
        this.time = time;
        foreach (var draft in Directory.EnumerateFiles(folder, "*.new"))
            File.Delete(draft);
        segments = SpoolReader.Segments(folder);
    }

    /// <summary>The number of the last segment; −1: there is none.</summary>
    public int LastSegment => segments.Count == 0 ? -1 : segments[^1];

    /// <summary>Records and deletes what is there.</summary>
    /// <param name="front">The shared front, which must hear of the charges; <c>null</c>: no account is loaded anywhere.</param>
    /// <param name="cancellationToken">Ends the replay; it can begin again.</param>
    /// <returns>How many calls were found.</returns>
    public async Task<int> RunAsync(ISharedFront? front, CancellationToken cancellationToken)
    {
        fates.Clear();
        batch.Clear();
        refunds.Clear();

        // Two passes: the first keeps a few bytes a call, so that a long spool does not have to fit into memory.
        foreach (var record in SpoolReader.Read(folder, segments))
            Note(record);
        foreach (var record in SpoolReader.Read(folder, segments))
        {
            Take(record);
            if (batch.Count >= BatchSize)
                await FlushAsync(front, cancellationToken);
        }

        await FlushAsync(front, cancellationToken);
        await RefundUnfetchedAsync(front, cancellationToken);
        CrashPoint.Reach("replay_refunded");
        foreach (var segment in segments)
        {
            File.Delete(SpoolReader.FileOf(folder, segment));
            CrashPoint.Reach("replay_deleted");
        }

        return fates.Count;
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
                fate.IntentIn = at;
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
        else if (record.Kind == RecordKind.Intent && fate.SettledIn is null && fate.IntentIn == (record.Segment, record.Offset))
        {
            batch.Add(Recover(record.Id, IntentPayload.Read(record.Payload.Span), fate.Checkpoint));
        }
    }

    private SettledCall Recover(ReceiptId id, IntentPayload intent, Delivered? delivered)
    {
        var cost = Credits.Min(delivered?.Cost ?? Credits.Zero, new Credits(intent.Amount));
        return RecoveredCall.Draft(id, intent, delivered?.Usage, intent.Pay(cost), time.GetUtcNow());
    }

    private async Task FlushAsync(ISharedFront? front, CancellationToken cancellationToken)
    {
        if (front is not null)
        {
            for (var i = 0; i < batch.Count; i++)
                batch[i] = await ChargeAsync(front, batch[i], cancellationToken);
        }

        if (batch.Count > 0)
            await book.RecordAsync([.. batch], cancellationToken);
        CrashPoint.Reach("replay_recorded");
        foreach (var id in refunds)
        {
            // Who can still fetch the answer, or has, was not failed.
            if (answers is null || !await answers.DeferRefundAsync(id, cancellationToken))
                await RefundAsync(id, front, cancellationToken);
        }

        if (front is not null && batch.Count > 0)
            await front.AcknowledgeAsync([.. batch.Select(static call => (call.Account, call.ReceiptId))], cancellationToken);
        batch.Clear();
        refunds.Clear();
    }

    // In the book first, then its new totals in the front. The totals of key and member are told once, and at worst stay too high until their period ends.
    private async Task RefundAsync(ReceiptId id, ISharedFront? front, CancellationToken cancellationToken)
    {
        var refund = new Refund { ReceiptId = id, Reason = RefundReason.Undelivered, Actor = Actor };
        if (await book.RefundAsync(refund, time.GetUtcNow(), cancellationToken) is not RefundResult.Refunded refunded || front is null)
            return;

        foreach (var bucket in refunded.Buckets)
            await front.CreditAsync(refunded.Account, bucket, cancellationToken);
        if (!refunded.Replayed)
            await front.ForgiveAsync(refunded.Account, refunded.KeyId, refunded.MemberId, refunded.Admitted, refunded.Amount, cancellationToken);
    }

    // In the front first, then in the book: the order of a settlement. What the book has was charged before.
    private async Task<SettledCall> ChargeAsync(ISharedFront front, SettledCall call, CancellationToken cancellationToken)
    {
        if (await front.SettleAgainAsync(call, cancellationToken) is { } known)
            return call.ChargedBy(known);
        if (call.Cost == Credits.Zero || await book.FindReceiptAsync(call.ReceiptId, workspace: null, keyId: null, cancellationToken) is not null)
            return call;

        return call.ChargedBy(await front.ChargeLateAsync(call, cancellationToken));
    }

    // Answers that were kept for a retry which never came.
    private async Task RefundUnfetchedAsync(ISharedFront? front, CancellationToken cancellationToken)
    {
        if (answers is null)
            return;

        for (var due = await answers.DueRefundsAsync(cancellationToken); due.Count > 0; due = await answers.DueRefundsAsync(cancellationToken))
        {
            foreach (var id in due)
            {
                await RefundAsync(id, front, cancellationToken);
                await answers.RefundedAsync(id, cancellationToken);
            }
        }
    }

    private struct Fate
    {
        public (int Segment, int Offset)? SettledIn;

        // The last one: a call that was held again for another attempt has several.
        public (int Segment, int Offset)? IntentIn;
        public Delivered? Checkpoint;
        public bool Delivering;
    }

    private sealed record Delivered(Credits Cost, Usage Usage);
}
