using System.Diagnostics.Metrics;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Ledger.Book.Sqlite;
using Gateway.Ledger.Spool;
using Gateway.Tests.Book;
using Gateway.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Gateway.Tests.Recording;

[TestFixture]
public sealed class LedgerMetricsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private string folder = "";

    [SetUp]
    public void MakeFolder() => folder = Directory.CreateTempSubdirectory("ledger").FullName;

    [TearDown]
    public void DropFolder() => Directory.Delete(folder, recursive: true);

    [Test]
    public async Task A_call_is_measured_in_the_front_in_the_spool_and_in_the_book()
    {
        await using var book = new SqliteBook(Path.Combine(folder, "gateway.db"), Durability.Process);
        await using var ledger = await OpenAsync(book);
        using var seen = new Measured(ledger);
        await FundAsync(ledger);

        var hold = await HoldAsync(ledger);
        await ledger.RenewAsync(hold, Calls.Used(10), default);
        await ledger.ReholdAsync(hold, hold.Request with { Amount = new Credits(200), MinimumAmount = new Credits(200) }, default);
        await EndAsync(ledger, hold);

        Assert.That(seen.Of(LedgerMetrics.FrontDuration).Select(static sample => sample.Tag(LedgerMetrics.Operation)), Is.EqualTo(["hold", "renew", "rehold", "settle"]));
        Assert.That(seen.Of(LedgerMetrics.FrontDuration).Select(static sample => sample.Tag(LedgerMetrics.FrontName)), Is.All.EqualTo("process"));
        Assert.That(seen.Of(LedgerMetrics.SpoolDuration), Has.Count.EqualTo(1));
        Assert.That(seen.Of(LedgerMetrics.BookDuration).Single().Tag(LedgerMetrics.ErrorType), Is.Null);
        Assert.That(seen.Of(LedgerMetrics.RecordingLag).Single().Value, Is.GreaterThan(0).And.LessThan(Patience.TotalSeconds));
        Assert.That((seen.Of(LedgerMetrics.Recorded).Single().Value, seen.Of(LedgerMetrics.BatchSize).Single().Value), Is.EqualTo((1, 1)));
    }

    [Test]
    public async Task A_batch_that_is_tried_again_is_recorded_once_and_refused_before_that()
    {
        var book = Funded();
        await using var ledger = await OpenAsync(book);
        using var seen = new Measured(ledger);
        var hold = await HoldAsync(ledger);
        book.Down = true;
        await ledger.SettleAsync(hold, Complete(), default);
        ledger.Finish(hold, Delivery.Confirmed);
        await UntilAsync(() => seen.Of(LedgerMetrics.BookDuration).Count > 0);
        Assert.That(seen.Gauge(LedgerMetrics.Unrecorded), Is.EqualTo(1));
        Assert.That(seen.Gauge(LedgerMetrics.Part, "book"), Is.Zero);

        book.Down = false;
        await UntilAsync(() => ledger.Health.Unrecorded == 0);

        Assert.That(seen.Of(LedgerMetrics.Recorded).Single().Value, Is.EqualTo(1));
        Assert.That(seen.Of(LedgerMetrics.RecordingLag), Has.Count.EqualTo(1));
        Assert.That(seen.Of(LedgerMetrics.BookDuration)[0].Tag(LedgerMetrics.ErrorType), Is.EqualTo("refused"));
        Assert.That(seen.Of(LedgerMetrics.BookDuration)[^1].Tag(LedgerMetrics.ErrorType), Is.Null);
        Assert.That((seen.Gauge(LedgerMetrics.Unrecorded), seen.Gauge(LedgerMetrics.Part, "book")), Is.EqualTo((0, 1)));
    }

    [Test]
    public async Task Live_holds_are_counted_until_they_are_settled_or_reaped()
    {
        await using var ledger = await OpenAsync(Funded(), lease: TimeSpan.FromMilliseconds(400));
        using var seen = new Measured(ledger);
        var settled = await HoldAsync(ledger);
        _ = await HoldAsync(ledger);
        Assert.That(seen.Gauge(LedgerMetrics.Holds), Is.EqualTo(2));

        await EndAsync(ledger, settled);
        Assert.That(seen.Of(LedgerMetrics.Reaped).Count + seen.Gauge(LedgerMetrics.Holds), Is.EqualTo(1));
        await UntilAsync(() => seen.Of(LedgerMetrics.Reaped).Count == 1);

        Assert.That(seen.Gauge(LedgerMetrics.Holds), Is.Zero);
    }

    [Test]
    public async Task The_spool_and_its_failure_are_seen()
    {
        var files = new FaultyFiles();
        await using var ledger = await OpenAsync(Funded(), durability: Durability.Power, files: files);
        using var seen = new Measured(ledger);
        await EndAsync(ledger, await HoldAsync(ledger));
        Assert.That(seen.Gauge(LedgerMetrics.SpoolSize), Is.GreaterThan(SpoolRecord.HeaderBytes));
        Assert.That(seen.Gauge(LedgerMetrics.Part, "spool"), Is.EqualTo(1));

        files.FailFlush = true;
        await EndAsync(ledger, await HoldAsync(ledger));

        Assert.That(seen.Gauge(LedgerMetrics.Part, "spool"), Is.Zero);
        Assert.That((seen.Gauge(LedgerMetrics.Part, "front"), seen.Gauge(LedgerMetrics.Part, "clock")), Is.EqualTo((1, 1)));
    }

    [Test]
    public async Task What_was_replayed_before_anybody_listened_is_told()
    {
        var book = Funded();
        var killed = await OpenAsync(book);
        _ = await HoldAsync(killed);
        await killed.DisposeAsync();

        await using var ledger = await OpenAsync(book);
        using var seen = new Measured(ledger);

        Assert.That(seen.Gauge(LedgerMetrics.Replayed), Is.EqualTo(1));
        Assert.That(seen.Has(LedgerMetrics.Epoch), Is.False, "One gateway has no epochs.");
    }

    private static MemoryBook Funded()
    {
        var book = new MemoryBook();
        book.Add(Calls.Account, Calls.Credit(1_000_000));
        return book;
    }

    private static Settlement Complete() => new(Outcome.Complete, Calls.Used(70), CountedBy.Upstream);

    private static async Task<Hold> HoldAsync(SpooledLedger ledger) => ((HoldResult.Held)await ledger.HoldAsync(Calls.Request(100), default)).Hold;

    private static async Task FundAsync(SpooledLedger ledger) => await ledger.PostAsync(
        new Posting { Account = Calls.Account, Workspace = "ws_1", Kind = BucketKind.Credit, Currency = "CREDIT", Amount = new Credits(1_000_000), Actor = "test" }, default);

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

    private Task<SpooledLedger> OpenAsync(IBook book, Durability durability = Durability.Process, TimeSpan? lease = null, ISpoolFiles? files = null) =>
        SpooledLedger.OpenAsync(
            new LedgerOptions
            {
                BookFile = "", SpoolFolder = Path.Combine(folder, "spool"), Durability = durability, HoldLease = lease ?? TimeSpan.FromSeconds(60),
            },
            book,
            TimeProvider.System,
            NullLogger.Instance,
            files ?? new DiskSpoolFiles(durability),
            default);

    private sealed record Sample(string Name, double Value, KeyValuePair<string, object?>[] Tags)
    {
        public object? Tag(string name) => Array.Find(Tags, tag => tag.Key == name).Value;
    }

    /// <summary>What one ledger's meter says; other tests have their own at the same time.</summary>
    private sealed class Measured : IDisposable
    {
        private readonly MeterListener listener = new();
        private readonly Lock gate = new();
        private readonly List<Sample> samples = [];

        public Measured(SpooledLedger ledger)
        {
            var meter = ledger.Metrics.Meter;
            listener.InstrumentPublished = (instrument, all) =>
            {
                if (ReferenceEquals(instrument.Meter, meter))
                    all.EnableMeasurementEvents(instrument);
            };
            listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
            listener.Start();
        }

        public IReadOnlyList<Sample> Of(string name)
        {
            lock (gate)
                return samples.FindAll(sample => sample.Name == name);
        }

        public double Gauge(string name, string? part = null) => Read(name).Last(sample => part is null || part.Equals(sample.Tag(LedgerMetrics.PartName))).Value;

        public bool Has(string name) => Read(name).Count > 0;

        public void Dispose() => listener.Dispose();

        private IReadOnlyList<Sample> Read(string name)
        {
            lock (gate)
                samples.RemoveAll(sample => sample.Name == name);
            listener.RecordObservableInstruments();
            return Of(name);
        }

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            lock (gate)
                samples.Add(new Sample(instrument.Name, value, tags.ToArray()));
        }
    }
}
