using System.Diagnostics.Metrics;
using Gateway.Ledger;
using Gateway.Ledger.Front;
using Gateway.Ledger.Proof;
using Gateway.Tests.Fakes;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace Gateway.Tests.Proof;

internal sealed class ReconcilerTests
{
    private ManualTimeProvider time;
    private ProvenBook book;
    private LogLines log;
    private Reconciler reconciler;
    private string bucket;

    [SetUp]
    public async Task OpenAsync()
    {
        time = new ManualTimeProvider(ProofHistory.Start);
        book = await ProvenBook.OpenAsync(time);
        log = new LogLines();
        reconciler = new Reconciler(book.Book, book.Keys, time, log);
        bucket = await book.History.TopUpAsync(10);
        await reconciler.LookAsync(default);
    }

    [TearDown]
    public async Task CloseAsync()
    {
        await reconciler.DisposeAsync();
        await book.DisposeAsync();
    }

    [Test]
    public async Task Looks_over_a_growing_book_find_nothing()
    {
        for (var i = 0; i < 3; i++)
        {
            await book.History.WriteAsync();
            await reconciler.LookAsync(default);
        }

        Assert.That((reconciler.Drift, log.Lines.Count), Is.EqualTo((0, 0)));
    }

    [TestCase("update bucket set credited = credited + 5, posted = posted + 5 where account = 'acc_one' and kind = 'credit'", "(bucket): bucket")]
    [TestCase("update entry set amount = amount + 1, new = new + 1 where id = 4", "(double_entry): the charge entries of")]
    [TestCase("update receipt set account = 'acc_two'", "(chain): block 2")]
    [TestCase("update block set signature = zeroblob(64) where id = 2", "has a signature that is not of its hash")]
    [TestCase("delete from entry where id = 3", "(double_entry): the charge entries of")]
    public async Task A_difference_in_what_was_recorded_since_the_last_look_is_told_and_not_repaired(string sql, string words)
    {
        await book.Book.RecordAsync([ProofHistory.Call(ProofHistory.Account, bucket, 10, 20)], default);
        await book.TamperAsync(sql);

        await reconciler.LookAsync(default);
        var told = reconciler.Drift;
        await reconciler.LookAsync(default);

        Assert.That(told, Is.Positive);
        Assert.That(reconciler.Drift, Is.EqualTo(told), "the next look begins after it");
        Assert.That(log.Lines, Has.Some.Contains(words));
        Assert.That(await book.DifferencesAsync(), Is.Not.Empty, "nothing was repaired");
    }

    [Test]
    public async Task A_chain_that_became_shorter_is_told()
    {
        await book.TamperAsync("delete from block; delete from entry; delete from bucket");
        await book.History.TopUpAsync(1);
        await book.TamperAsync("update block set number = -1");

        await reconciler.LookAsync(default);

        Assert.That(log.Lines, Has.One.Contains("chain local ends at number -1, and had come to number 1"));
    }

    [Test]
    public async Task A_difference_of_the_front_is_told_once_and_a_front_that_is_away_is_none()
    {
        string[] found = ["L4: bucket"];
        await using var both = new Reconciler(book.Book, book.Keys, time, log, _ => Task.FromResult(new FrontFindings(1, found)));
        await using var away = new Reconciler(book.Book, book.Keys, time, log, _ => throw new FrontUnavailableException("away"));

        await both.LookAsync(default);
        await both.LookAsync(default);
        await away.LookAsync(default);

        Assert.That((both.Drift, away.Drift), Is.EqualTo((1, 0)));
        Assert.That(log.Lines, Has.One.Contains("(front): L4: bucket"));
    }

    [Test]
    public async Task A_day_is_closed_after_its_midnight()
    {
        time.Advance(TimeSpan.FromDays(1));
        await reconciler.LookAsync(default);
        await reconciler.LookAsync(default);

        await using var snapshot = await book.Book.OpenSnapshotAsync(default);
        Assert.That((await snapshot.RootsAsync(default)).Select(static root => root.Day), Is.EqualTo(new[] { "2026-11-21" }));
    }

    [Test]
    public async Task The_meter_shows_drift_by_check_and_the_time_of_the_last_look()
    {
        var measured = new Dictionary<string, long>(StringComparer.Ordinal);
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == LedgerMetrics.Name && instrument.Name is LedgerMetrics.Drift or LedgerMetrics.ReconciledAt or LedgerMetrics.Unreconciled)
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => measured[$"{instrument.Name} {(tags.Length > 0 ? tags[0].Value : "")}"] = value);
        listener.Start();
        await book.TamperAsync("update bucket set credited = credited + 5, posted = posted + 5 where account = 'acc_one' and kind = 'credit'");
        await book.History.TopUpAsync(1);
        await reconciler.LookAsync(default);

        reconciler.Start();
        listener.RecordObservableInstruments();
        await reconciler.DisposeAsync();

        Assert.That(measured["gateway.ledger.drift chain"], Is.Zero);
        Assert.That(measured["gateway.ledger.drift bucket"], Is.Positive);
        Assert.That(measured["gateway.ledger.reconciled_at "], Is.EqualTo(ProofHistory.Start.ToUnixTimeSeconds()));
        Assert.That(measured["gateway.ledger.unreconciled "], Is.Zero);
    }

    private sealed class LogLines : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));
    }
}
