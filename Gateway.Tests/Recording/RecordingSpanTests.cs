using System.Collections.Concurrent;
using System.Diagnostics;
using Gateway.Ledger;
using Gateway.Ledger.Spool;
using Gateway.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Gateway.Tests.Recording;

[TestFixture]
public sealed class RecordingSpanTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ConcurrentQueue<Activity> spans = new();
    private ActivityListener listener = null!; // Made before each test.
    private string folder = "";
    private MemoryBook book = null!;

    [SetUp]
    public void Listen()
    {
        folder = Directory.CreateTempSubdirectory("ledger").FullName;
        book = new MemoryBook();
        book.Add(Calls.Account, Calls.Credit(1_000_000));
        spans.Clear();
        listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == LedgerMetrics.Name,
            Sample = static (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
    }

    [TearDown]
    public void DropFolder()
    {
        listener.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Test]
    public async Task A_traced_call_has_one_span_from_its_finish_to_its_commit_though_its_batch_was_tried_again()
    {
        await using var ledger = await OpenAsync();
        var trace = Trace(ActivityTraceFlags.Recorded);
        var hold = await HoldAsync(ledger, trace);
        book.Down = true;
        await ledger.SettleAsync(hold, Complete(), default);
        ledger.Finish(hold, Delivery.Confirmed);
        await UntilAsync(() => !ledger.Health.BookOk);
        Assert.That(Of(trace), Is.Empty, "It is not in the book yet.");

        book.Down = false;
        await UntilAsync(() => Of(trace).Count > 0);
        await ledger.DisposeAsync();

        var span = Of(trace).Single();
        Assert.That((span.OperationName, span.Kind, span.ParentSpanId, span.Status), Is.EqualTo(("recording", ActivityKind.Internal, trace.SpanId, ActivityStatusCode.Unset)));
        Assert.That(span.GetTagItem("gateway.receipt.id"), Is.EqualTo(hold.ReceiptId.ToString()));
        Assert.That(span.GetTagItem("gateway.ledger.batch.size"), Is.EqualTo(1));
        Assert.That((double)span.GetTagItem("gateway.ledger.lag")!, Is.GreaterThan(0.05), "The book was away for a retry.");
        Assert.That(span.Duration.TotalSeconds, Is.EqualTo((double)span.GetTagItem("gateway.ledger.lag")!).Within(0.05));
        Assert.That(Activity.Current, Is.Null);
    }

    [Test]
    public async Task The_trace_stays_with_a_hold_that_is_replaced()
    {
        await using var ledger = await OpenAsync();
        var trace = Trace(ActivityTraceFlags.Recorded);
        var hold = await HoldAsync(ledger, trace);

        var replaced = await ledger.ReholdAsync(hold, hold.Request with { Amount = new Credits(200), MinimumAmount = new Credits(200) }, default);
        await EndAsync(ledger, ((HoldResult.Held)replaced).Hold);

        Assert.That(Of(trace), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_call_whose_trace_is_not_recorded_has_no_span()
    {
        await using var ledger = await OpenAsync();
        var (unsampled, sampled) = (Trace(ActivityTraceFlags.None), Trace(ActivityTraceFlags.Recorded));

        await EndAsync(ledger, await HoldAsync(ledger, unsampled));
        await EndAsync(ledger, await HoldAsync(ledger, default));
        await EndAsync(ledger, await HoldAsync(ledger, sampled));

        Assert.That(Of(sampled), Has.Count.EqualTo(1));
        Assert.That(Of(unsampled), Is.Empty);
    }

    [Test]
    public async Task A_call_that_is_left_in_the_spool_has_a_span_that_says_so()
    {
        var ledger = await OpenAsync();
        var trace = Trace(ActivityTraceFlags.Recorded);
        var hold = await HoldAsync(ledger, trace);
        book.Down = true;
        await ledger.SettleAsync(hold, Complete(), default);
        ledger.Finish(hold, Delivery.Confirmed);

        await ledger.DisposeAsync();

        Assert.That(Of(trace).Single().Status, Is.EqualTo(ActivityStatusCode.Error));
        Assert.That(Of(trace).Single().StatusDescription, Does.Contain("spool"));
    }

    private static Settlement Complete() => new(Outcome.Complete, Calls.Used(70), CountedBy.Upstream);

    private static ActivityContext Trace(ActivityTraceFlags flags) => new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), flags);

    private static async Task<Hold> HoldAsync(SpooledLedger ledger, ActivityContext trace)
    {
        var hold = ((HoldResult.Held)await ledger.HoldAsync(Calls.Request(100), default)).Hold;
        hold.Trace = trace;
        return hold;
    }

    private static async Task EndAsync(SpooledLedger ledger, Hold hold)
    {
        await ledger.SettleAsync(hold, Complete(), default);
        ledger.Finish(hold, Delivery.Confirmed);
        await UntilAsync(() => ledger.Health.Unrecorded == 0);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var waited = TimeSpan.Zero; !condition(); waited += TimeSpan.FromMilliseconds(10))
        {
            Assert.That(waited, Is.LessThan(Patience));
            await Task.Delay(10);
        }
    }

    private List<Activity> Of(ActivityContext trace) => [.. spans.Where(span => span.TraceId == trace.TraceId)];

    private Task<SpooledLedger> OpenAsync() => SpooledLedger.OpenAsync(
        new LedgerOptions { BookFile = "", SpoolFolder = Path.Combine(folder, "spool"), Durability = Durability.Process },
        book,
        TimeProvider.System,
        NullLogger.Instance,
        new DiskSpoolFiles(Durability.Process),
        default);
}
