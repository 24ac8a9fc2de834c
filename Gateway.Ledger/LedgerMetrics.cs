using System.Diagnostics.Metrics;
using Gateway.Ledger.Coordination;
using Gateway.Ledger.Front;

namespace Gateway.Ledger;

/// <summary>What one ledger measures of itself, and every name that its metrics and spans carry: dashboards and alerts depend on them.</summary>
/// <remarks>A measurement costs nothing while nobody listens, and allocates nothing while somebody does.</remarks>
public sealed class LedgerMetrics : IDisposable
{
    /// <summary>The meter's name, and that of the activity source.</summary>
    public const string Name = "Gateway.Ledger";

    /// <summary>How long a front took for one operation. Unit: s.</summary>
    public const string FrontDuration = "gateway.ledger.front.duration";

    /// <summary>How long a settlement waited until the spool had it durably. Unit: s.</summary>
    public const string SpoolDuration = "gateway.ledger.spool.duration";

    /// <summary>How long the book took for one batch, refused ones included. Unit: s.</summary>
    public const string BookDuration = "gateway.ledger.book.duration";

    /// <summary>From a settlement to the commit of its batch. Unit: s.</summary>
    public const string RecordingLag = "gateway.ledger.recording.lag";

    /// <summary>Settlements that are in the book. Unit: {settlement}.</summary>
    public const string Recorded = "gateway.ledger.recorded";

    /// <summary>How many settlements a batch had. Unit: {settlement}.</summary>
    public const string BatchSize = "gateway.ledger.batch.size";

    /// <summary>Settlements that wait for the book. Unit: {settlement}.</summary>
    public const string Unrecorded = "gateway.ledger.unrecorded";

    /// <summary>From the oldest record of the spool that is still needed to the newest. Unit: By.</summary>
    public const string SpoolSize = "gateway.ledger.spool.size";

    /// <summary>This gateway's holds that are not settled. Unit: {hold}.</summary>
    public const string Holds = "gateway.ledger.holds";

    /// <summary>1: the part of the ledger is well; 0: it is not.</summary>
    public const string Part = "gateway.ledger.part";

    /// <summary>Holds that nobody settled in time and that were charged at their checkpoint. Unit: {hold}.</summary>
    public const string Reaped = "gateway.ledger.reaped";

    /// <summary>Calls that a spool was replayed with. Unit: {call}.</summary>
    public const string Replayed = "gateway.ledger.replayed";

    /// <summary>The epoch of the shared front; none without one.</summary>
    public const string Epoch = "gateway.ledger.epoch";

    /// <summary>Differences that the reconciler has found since the start. Unit: {difference}.</summary>
    public const string Drift = "gateway.ledger.drift";

    /// <summary>The last look of the reconciler that came to its end. Unit: s (Unix time).</summary>
    public const string ReconciledAt = "gateway.ledger.reconciled_at";

    /// <summary>Blocks that the reconciler's last look left for the next one. Unit: {block}.</summary>
    public const string Unreconciled = "gateway.ledger.unreconciled";

    /// <summary>Attribute: hold, rehold, settle or renew.</summary>
    public const string Operation = "gateway.ledger.operation";

    /// <summary>Attribute: process, redis or rows.</summary>
    public const string FrontName = "gateway.ledger.front";

    /// <summary>Attribute: spool, book, front or clock.</summary>
    public const string PartName = "gateway.ledger.part.name";

    /// <summary>Attribute: why something failed.</summary>
    public const string ErrorType = "error.type";

    /// <summary>The span of a call's way into the book.</summary>
    public const string RecordingSpan = "recording";

    /// <summary>Attribute of that span: the call.</summary>
    public const string ReceiptId = "gateway.receipt.id";

    /// <summary>Attribute of that span: what <see cref="RecordingLag"/> measures of this call. Unit: s.</summary>
    public const string Lag = "gateway.ledger.lag";

    private const long NobodyListens = long.MinValue;

    // 10 us to 10 s: a front in memory takes one, a book that is away the other.
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };

    private static readonly InstrumentAdvice<int> Sizes = new() { HistogramBucketBoundaries = [1, 2, 5, 10, 20, 50, 100, 200, 500] };

    private static readonly KeyValuePair<string, object?>[] Operations =
        [new(Operation, "hold"), new(Operation, "rehold"), new(Operation, "settle"), new(Operation, "renew")];

    private static readonly KeyValuePair<string, object?> InProcess = new(FrontName, "process"), Redis = new(FrontName, "redis"), Rows = new(FrontName, "rows");
    private static readonly KeyValuePair<string, object?> Refused = new(ErrorType, "refused");

    private readonly TimeProvider time;
    private readonly EpochFront? epochs;
    private readonly Histogram<double> front;
    private readonly Histogram<double> spool;
    private readonly Histogram<double> book;
    private readonly Histogram<double> lag;
    private readonly Histogram<int> batches;
    private readonly Counter<long> recorded;
    private readonly Counter<long> reaped;

    /// <param name="time">The clock.</param>
    /// <param name="epochs">The shared fronts; <c>null</c>: the one in this process.</param>
    internal LedgerMetrics(TimeProvider time, EpochFront? epochs)
    {
        this.time = time;
        this.epochs = epochs;
        Meter = new Meter(Name);
        front = Duration(FrontDuration, "How long a front took for one operation.");
        spool = Duration(SpoolDuration, "How long a settlement waited until the spool had it durably.");
        book = Duration(BookDuration, "How long the book took for one batch.");
        lag = Duration(RecordingLag, "From a settlement to the commit of its batch.");
        batches = Meter.CreateHistogram(BatchSize, "{settlement}", "How many settlements a batch had.", tags: null, Sizes);
        recorded = Meter.CreateCounter<long>(Recorded, "{settlement}", "Settlements that are in the book.");
        reaped = Meter.CreateCounter<long>(Reaped, "{hold}", "Holds that nobody settled in time and that were charged at their checkpoint.");
    }

    /// <summary>The meter, for the gauges of whoever has the values.</summary>
    internal Meter Meter { get; }

    /// <inheritdoc/>
    public void Dispose() => Meter.Dispose();

    /// <summary>The start of an operation of the front; for <see cref="FrontTook"/>.</summary>
    internal long StartFront() => Start(front);

    /// <summary>The operation is over.</summary>
    internal void FrontTook(FrontOperation operation, long started)
    {
        if (started != NobodyListens)
            front.Record(Since(started), Operations[(int)operation], epochs is null ? InProcess : epochs.Kind == FrontKind.Redis ? Redis : Rows);
    }

    /// <summary>The start of a wait for the spool; for <see cref="SpoolTook"/>.</summary>
    internal long StartSpool() => Start(spool);

    /// <summary>The settlement is durable.</summary>
    internal void SpoolTook(long started)
    {
        if (started != NobodyListens)
            spool.Record(Since(started));
    }

    /// <summary>The start of a batch; for <see cref="BookTook"/> and <see cref="BookRefused"/>.</summary>
    internal long StartBook() => Start(book);

    /// <summary>The book has taken the batch.</summary>
    internal void BookTook(long started)
    {
        if (started != NobodyListens)
            book.Record(Since(started));
    }

    /// <summary>The book has not taken the batch.</summary>
    internal void BookRefused(long started)
    {
        if (started != NobodyListens)
            book.Record(Since(started), Refused);
    }

    /// <summary>The calls of one batch are in the book; once for each batch, however often it was tried.</summary>
    internal void Committed(IReadOnlyList<Hold> batch, DateTimeOffset at)
    {
        recorded.Add(batch.Count);
        batches.Record(batch.Count);
        if (!lag.Enabled)
            return;

        for (var i = 0; i < batch.Count; i++)
            lag.Record(LagOf(batch[i], at));
    }

    /// <summary>Holds were charged at their checkpoint.</summary>
    internal void HoldsReaped(int holds) => reaped.Add(holds);

    /// <summary>From the settlement to the commit, zero where the clock was set back. Unit: s.</summary>
    internal static double LagOf(Hold hold, DateTimeOffset committed) => Math.Max(0, (committed - hold.Settled!.SettledAt).TotalSeconds);

    private Histogram<double> Duration(string name, string what) => Meter.CreateHistogram(name, "s", what, tags: null, Seconds);

    private long Start(Histogram<double> instrument) => instrument.Enabled ? time.GetTimestamp() : NobodyListens;

    private double Since(long started) => time.GetElapsedTime(started).TotalSeconds;
}

/// <summary>What a front is asked for during a call.</summary>
internal enum FrontOperation
{
    /// <summary>To admit it.</summary>
    Hold,

    /// <summary>To admit another attempt at another price.</summary>
    Rehold,

    /// <summary>To release and charge it.</summary>
    Settle,

    /// <summary>To keep its lease.</summary>
    Renew,
}
