using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Ledger.Recording;
using Gateway.Tests.Book;
using Gateway.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Gateway.Tests.Recording;

/// <summary>A crash between the settlement of a plain call and its last byte, when the answer was kept.</summary>
internal sealed class KeptAnswerTests
{
    private static readonly CallKey Key = new(Calls.Account, "key_1", "once", "print");

    private readonly ManualTimeProvider time = new(Calls.Start);
    private DirectoryInfo spool = null!; // Set before each test.
    private SqliteFile file = null!; // Set before each test.

    [SetUp]
    public async Task SetUp()
    {
        spool = Directory.CreateTempSubdirectory("gateway-kept-");
        file = await SqliteFile.OpenAsync(time);
        await file.Book.PostAsync(
            new Posting { Account = Calls.Account, Workspace = "ws_1", Kind = BucketKind.Credit, Currency = "CREDIT", Amount = new Credits(1000), Actor = "operator" }, Calls.Start, default);
    }

    [TearDown]
    public async Task TearDown()
    {
        await file.DisposeAsync();
        spool.Delete(recursive: true);
    }

    [Test]
    public async Task A_kept_answer_is_fetched_after_the_crash_and_its_charge_stands()
    {
        await CrashAsync(keep: true);

        await RestartAsync();
        var again = await file.Book.BeginAsync(Key, TimeSpan.FromMinutes(2), default);
        time.Advance(StoredAnswer.Kept);
        await RestartAsync();

        Assert.That(again, Is.InstanceOf<CallStart.Done>());
        Assert.That(await PostedAsync(), Is.EqualTo(new Credits(930)));
    }

    [Test]
    public async Task A_kept_answer_that_nobody_fetches_is_refunded_when_it_is_over()
    {
        await CrashAsync(keep: true);

        await RestartAsync();
        var charged = await PostedAsync();
        time.Advance(StoredAnswer.Kept);
        await RestartAsync();

        Assert.That((charged, await PostedAsync()), Is.EqualTo((new Credits(930), new Credits(1000))));
    }

    [Test]
    public async Task Without_a_kept_answer_the_charge_is_refunded_at_once()
    {
        await CrashAsync(keep: false);

        await RestartAsync();

        Assert.That(await PostedAsync(), Is.EqualTo(new Credits(1000)));
    }

    // What a gateway leaves that dies after settling and keeping the answer.
    private async Task CrashAsync(bool keep)
    {
        var folder = Directory.CreateTempSubdirectory("gateway-died-");
        var lost = new MemoryBook();
        lost.Add(Calls.Account, (await file.Book.LoadAccountAsync(Calls.Account, default)).Buckets.Single());
        await using (var dying = await OpenAsync(folder.FullName, lost))
        {
            var hold = ((HoldResult.Held)await dying.HoldAsync(Calls.Request(100), default)).Hold;
            await dying.SettleAsync(hold, new Settlement(Outcome.Complete, Calls.Used(70), CountedBy.Upstream), default);
            foreach (var segment in folder.EnumerateFiles("*.spool"))
                segment.CopyTo(Path.Combine(spool.FullName, segment.Name));
            if (keep)
            {
                var lease = ((CallStart.Begun)await file.Book.BeginAsync(Key, TimeSpan.FromMinutes(2), default)).Lease;
                var answer = new StoredAnswer { ReceiptId = hold.ReceiptId, Status = 200, ContentType = "application/json", Headers = new Dictionary<string, string>(), Body = [1] };
                await file.Book.CompleteAsync(lease, answer, default);
            }
        }

        folder.Delete(recursive: true);
    }

    private async Task RestartAsync() => await new Replay(spool.FullName, file.Book, file.Book, time).RunAsync(default);

    private async Task<Credits> PostedAsync() => (await file.Book.LoadAccountAsync(Calls.Account, default)).Buckets.Single().Posted;

    private Task<SpooledLedger> OpenAsync(string folder, IBook book) => SpooledLedger.OpenAsync(
        new LedgerOptions { BookFile = "unused", SpoolFolder = folder, Durability = Durability.Process }, book, time, NullLogger.Instance, default);
}
