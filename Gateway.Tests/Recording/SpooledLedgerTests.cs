using System.Diagnostics;
using System.Text;
using Gateway.Ledger;
using Gateway.Ledger.Spool;
using Gateway.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Gateway.Tests.Recording;

[TestFixture]
public sealed class SpooledLedgerTests
{
    private string folder = "";
    private MemoryBook book = null!;

    [SetUp]
    public void MakeFolder()
    {
        folder = Directory.CreateTempSubdirectory("ledger").FullName;
        book = new MemoryBook();
        book.Add(Calls.Account, Calls.Credit(1_000_000_000));
    }

    [TearDown]
    public void DropFolder() => Directory.Delete(folder, recursive: true);

    [Test]
    public async Task A_call_is_held_settled_delivered_and_recorded([Values] Durability durability)
    {
        await using (var ledger = await OpenAsync(durability))
        {
            var hold = await HoldAsync(ledger, 100);
            var settled = await ledger.SettleAsync(hold, Complete(70), default);
            ledger.Delivering(hold);
            ledger.Finish(hold, Delivery.Confirmed);

            Assert.That(settled.Cost, Is.EqualTo(new Credits(70)));
            Assert.That(settled.PaidBy.Single(), Is.EqualTo(new BucketShare("bkt_credit", BucketKind.Credit, new Credits(70), new Credits(999_999_930))));
            Assert.That(await ledger.SettleAsync(hold, Complete(1), default), Is.SameAs(settled));
        }

        var call = book.Recorded.Single();
        Assert.That((call.Outcome, call.Cost, call.Delivery), Is.EqualTo((Outcome.Complete, new Credits(70), Delivery.Confirmed)));
    }

    [Test]
    public async Task A_receipt_is_readable_before_it_is_recorded_by_its_tenant_only()
    {
        await using var ledger = await OpenAsync();
        var hold = await HoldAsync(ledger, 100);
        book.Down = true;
        await ledger.SettleAsync(hold, Complete(70), default);
        ledger.Finish(hold, Delivery.Confirmed);

        var receipt = await ledger.FindReceiptAsync(hold.ReceiptId, "ws_1", "key_1", default);

        Assert.That(Encoding.UTF8.GetString(receipt!.Value.Span), Does.Contain("\"delivery\":\"confirmed\""));
        Assert.That(await ledger.FindReceiptAsync(hold.ReceiptId, "ws_2", null, default), Is.Null);
        Assert.That(await ledger.FindReceiptAsync(hold.ReceiptId, null, "key_2", default), Is.Null);
        book.Down = false;
    }

    [TestCase(Outcome.Failed, 0)]
    [TestCase(Outcome.Empty, 0)]
    [TestCase(Outcome.Rejected, 0)]
    [TestCase(Outcome.ClientClosed, 100)]
    [TestCase(Outcome.Interrupted, 100)]
    [TestCase(Outcome.Complete, 150)]
    public async Task What_an_outcome_costs_that_used_more_than_its_hold(Outcome outcome, long cost)
    {
        await using var ledger = await OpenAsync();
        var hold = await HoldAsync(ledger, 100);

        var settled = await ledger.SettleAsync(hold, new Settlement(outcome, Calls.Used(150), CountedBy.Upstream), default);

        Assert.That((settled.Outcome, settled.Cost), Is.EqualTo((outcome, new Credits(cost))));
    }

    [Test]
    public async Task An_overrun_that_the_buckets_do_not_have_is_the_houses()
    {
        await using var ledger = await OpenAsync();
        var hold = await HoldAsync(ledger, 999_999_999);

        var settled = await ledger.SettleAsync(hold, Complete(1_000_000_005), default);

        Assert.That(settled.Outcome, Is.EqualTo(Outcome.Overrun));
        Assert.That((settled.Cost.Nano, settled.Shortfall.Nano), Is.EqualTo((1_000_000_000, 5)));
        Crash(out var copy);
        await using var next = await OpenAsync(at: copy);
        Assert.That(book.Recorded.Single().Shortfall, Is.EqualTo(new Credits(5)), "The replay takes the last settlement.");
    }

    [TestCase("intent", false, Outcome.Recovered, 0, false)]
    [TestCase("checkpoint", true, Outcome.Recovered, 40, false)]
    [TestCase("settle", false, Outcome.Complete, 70, true)]
    [TestCase("settle", true, Outcome.Complete, 70, false)]
    [TestCase("delivering", false, Outcome.Complete, 70, false)]
    [TestCase("finish", false, Outcome.Complete, 70, false)]
    public async Task A_spool_is_replayed_after_a_crash_once(string until, bool streamed, Outcome outcome, long cost, bool refunded)
    {
        await using var ledger = await OpenAsync();
        var hold = await HoldAsync(ledger, 100, streamed);
        if (until is "checkpoint")
            await ledger.RenewAsync(hold, Calls.Used(40), default);
        if (until is "settle" or "delivering" or "finish")
            await ledger.SettleAsync(hold, Complete(70), default);
        if (until is "delivering")
            ledger.Delivering(hold);
        if (until is "finish")
            ledger.Finish(hold, Delivery.Unconfirmed);
        Crash(out var copy);
        Crash(out var again);

        await (await OpenAsync(at: copy)).DisposeAsync();
        await (await OpenAsync(at: again)).DisposeAsync();

        var call = book.Recorded.Single();
        Assert.That((call.Outcome, call.Cost), Is.EqualTo((outcome, new Credits(cost))));
        Assert.That(book.Refunded.Contains(call.ReceiptId), Is.EqualTo(refunded));
        Assert.That(Encoding.UTF8.GetString(call.Receipt.Span), Does.Contain("\"requestedModel\":\"gpt\""));
    }

    [Test]
    public async Task A_spool_that_fails_stops_admission_and_the_book_takes_what_is_in_flight()
    {
        var files = new FaultyFiles();
        await using var ledger = await OpenAsync(files: files);
        var (first, second) = (await HoldAsync(ledger, 100), await HoldAsync(ledger, 100));
        files.FailFlush = true;

        var settled = await ledger.SettleAsync(first, Complete(70), default);
        book.Down = true;

        Assert.That(settled.Cost, Is.EqualTo(new Credits(70)));
        Assert.That(book.Recorded.Single().Cost, Is.EqualTo(new Credits(70)));
        Assert.That(() => ledger.SettleAsync(second, Complete(70), default).AsTask(), Throws.TypeOf<IOException>());
        Assert.That((await ledger.BalanceAsync(Calls.Account, default)).Buckets[0].Posted, Is.EqualTo(new Credits(999_999_930)));
        Assert.That(ledger.Health.SpoolOk, Is.False);
        Assert.That(await ledger.HoldAsync(Calls.Request(1), default), Is.EqualTo(new HoldResult.Unavailable(UnavailableReason.Spool)));
        book.Down = false;
    }

    [Test]
    public async Task A_backlog_stops_admission_and_drains_when_the_book_returns()
    {
        await using (var ledger = await OpenAsync(maxUnrecorded: 2))
        {
            await ledger.BalanceAsync(Calls.Account, default);
            var holds = new[] { await HoldAsync(ledger, 10), await HoldAsync(ledger, 10) };
            book.Down = true;
            foreach (var hold in holds)
            {
                await ledger.SettleAsync(hold, Complete(5), default);
                ledger.Finish(hold, Delivery.Confirmed);
            }

            Assert.That(await ledger.HoldAsync(Calls.Request(1), default), Is.EqualTo(new HoldResult.Unavailable(UnavailableReason.Backlog)));
            book.Down = false;
        }

        Assert.That(book.Recorded, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task A_posting_can_be_spent_when_it_returns()
    {
        await using var ledger = await OpenAsync();
        await ledger.BalanceAsync(Calls.Account, default);
        var posting = new Posting
        {
            Account = Calls.Account, Workspace = "ws_1", Kind = BucketKind.Credit, Currency = "CREDIT", Amount = new Credits(5), Actor = "test",
        };

        await ledger.PostAsync(posting, default);

        Assert.That((await HoldAsync(ledger, 1_000_000_005)).Amount, Is.EqualTo(new Credits(1_000_000_005)));
    }

    [Test]
    public async Task Calls_that_nobody_ended_are_ended_by_the_sweeper()
    {
        await using var ledger = await OpenAsync(lease: TimeSpan.FromMilliseconds(200));
        var abandoned = await HoldAsync(ledger, 100);
        await ledger.RenewAsync(abandoned, Calls.Used(30), default);
        var unfinished = await HoldAsync(ledger, 100);
        await ledger.SettleAsync(unfinished, Complete(70), default);

        var patience = Stopwatch.StartNew();
        while (book.Recorded.Count < 2 && patience.Elapsed < TimeSpan.FromSeconds(5))
            await Task.Delay(20);

        Assert.That(book.Recorded.Single(call => call.ReceiptId == abandoned.ReceiptId).Cost, Is.EqualTo(new Credits(30)));
        Assert.That(book.Recorded.Single(call => call.ReceiptId == unfinished.ReceiptId).Delivery, Is.EqualTo(Delivery.Unconfirmed));
    }

    [Test]
    public async Task A_refund_may_be_spent_when_it_returns_and_is_out_of_the_budget()
    {
        await using var ledger = await OpenAsync();
        var key = Calls.Free with { Budget = new Budget(new Credits(1_000_000_000), BudgetPeriod.Total) };
        var request = Calls.Request(1_000_000_000, key: key);
        var hold = ((HoldResult.Held)await ledger.HoldAsync(request, default)).Hold;
        await ledger.SettleAsync(hold, Complete(1_000_000_000), default);
        ledger.Finish(hold, Delivery.Confirmed);
        Assert.That(await ledger.HoldAsync(Calls.Request(1, key: key), default), Is.InstanceOf<HoldResult.OverBudget>());

        var refund = new Refund { ReceiptId = hold.ReceiptId, Amount = new Credits(400), Reason = RefundReason.Requested, Actor = "operator" };
        var refunded = await ledger.RefundAsync(refund, default);

        Assert.That(refunded, Is.InstanceOf<RefundResult.Refunded>());
        Assert.That((await ledger.BudgetAsync(Calls.Account, key, default))!.Spent, Is.EqualTo(new Credits(999_999_600)));
        Assert.That(await ledger.HoldAsync(Calls.Request(400, key: key), default), Is.InstanceOf<HoldResult.Held>());
        Assert.That(await ledger.HoldAsync(Calls.Request(1, key: key), default), Is.InstanceOf<HoldResult.OverBudget>());
    }

    [Test]
    [Explicit("A measurement.")]
    public async Task Cost_of_a_call([Values] Durability durability, [Values(1, 64)] int parallel)
    {
        await using var ledger = await OpenAsync(durability);
        const int Rounds = 20_000;
        await RunAsync(ledger, 1000, parallel);
        var (before, watch) = (GC.GetTotalAllocatedBytes(precise: true), Stopwatch.StartNew());

        await RunAsync(ledger, Rounds, parallel);

        var bytes = (GC.GetTotalAllocatedBytes(precise: true) - before) / Rounds;
        TestContext.Out.WriteLine($"{durability}, {parallel} at once: {watch.Elapsed.TotalMicroseconds / Rounds:F1} us and {bytes} bytes a call.");
    }

    private static async Task RunAsync(SpooledLedger ledger, int calls, int parallel) =>
        await Task.WhenAll(Enumerable.Range(0, parallel).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < calls / parallel; i++)
            {
                var hold = await HoldAsync(ledger, 100);
                await ledger.SettleAsync(hold, Complete(70), default);
                ledger.Delivering(hold);
                ledger.Finish(hold, Delivery.Confirmed);
            }
        })));

    private static Settlement Complete(long tokens) => new(Outcome.Complete, Calls.Used(tokens), CountedBy.Upstream);

    private static async Task<Hold> HoldAsync(SpooledLedger ledger, long amount, bool streamed = false) =>
        ((HoldResult.Held)await ledger.HoldAsync(Calls.Request(amount, streamed: streamed), default)).Hold;

    // What a kill -9 leaves: the files as they are at this moment.
    private void Crash(out string copy)
    {
        Thread.Sleep(60);
        copy = Path.Combine(folder, Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(copy);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(folder, "live"), "*.spool"))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
    }

    private Task<SpooledLedger> OpenAsync(
        Durability durability = Durability.Power, string? at = null, int maxUnrecorded = 500_000, TimeSpan? lease = null, ISpoolFiles? files = null) =>
        SpooledLedger.OpenAsync(
            new LedgerOptions
            {
                BookFile = "",
                SpoolFolder = at ?? Path.Combine(folder, "live"),
                Durability = durability,
                MaxUnrecorded = maxUnrecorded,
                HoldLease = lease ?? TimeSpan.FromSeconds(60),
            },
            book,
            TimeProvider.System,
            NullLogger.Instance,
            files ?? new DiskSpoolFiles(durability),
            default);
}
