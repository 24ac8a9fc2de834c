using System.Diagnostics;
using Gateway.Host.Secrets;
using Gateway.Ledger;
using Gateway.Ledger.Book.Postgres;
using Gateway.Ledger.Front;
using Gateway.Ledger.Front.Redis;
using Gateway.Ledger.Proof;
using Gateway.Tests.Fakes;
using Gateway.Tests.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Gateway.Tests.Proof;

/// <summary>Whichever front is in force: what it has is compared with the book, and what somebody edits in it by hand is found and named.</summary>
internal abstract class FrontProofContract
{
    private protected const string Account = Calls.Account;
    private const string MasterKey = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    private const long Epoch = 1;

    private ReceiptKeys keys = null!;
    private ISharedFront front = null!;

    private protected PostgresServer Server { get; private set; } = null!;

    private protected string Connection { get; private set; } = null!;

    private protected PostgresBook Book { get; private set; } = null!;

    private protected string Bucket { get; private set; } = null!;

    private protected FrontComparison Comparison { get; private set; } = null!;

    private protected abstract string Kind { get; }

    private protected virtual RedisServers? Servers => null;

    private protected virtual string[] Settings => [];

    [SetUp]
    public async Task OpenAsync()
    {
        keys = new MasterKeys(new byte[32], []).DeriveReceiptKeys();
        Server = await PostgresServer.SharedAsync();
        Connection = await Server.NewDatabaseAsync();
        Book = new PostgresBook(Connection, TimeProvider.System, NullLogger.Instance, "gw_one", keys);
        await Book.OpenAsync(default);
        await Server.ExecuteAsync($"update front_state set epoch = {Epoch}, front = '{Kind}', phase = 'open'", Connection);
        Bucket = await new ProofHistory(Book).TopUpAsync(10, Account);
        front = await FrontAsync();
        await front.OpenEpochAsync(Epoch, default);
        front.UseEpoch(Epoch);
        Comparison = new FrontComparison(Book.Source, Servers, TimeProvider.System);
    }

    [TearDown]
    public async Task CloseAsync()
    {
        if (Comparison is not null)
            await Comparison.DisposeAsync();
        if (Book is not null)
            await Book.DisposeAsync();
        keys.Dispose();
    }

    [Test]
    public async Task A_front_with_calls_in_every_state_agrees_with_the_book()
    {
        await WriteAsync();

        var findings = await Comparison.CompareAsync(default);

        Assert.That(findings.Differences, Is.Empty);
        Assert.That(findings.Examined, Is.EqualTo(1));
    }

    [Test]
    public async Task A_balance_that_was_edited_is_found_and_named()
    {
        await WriteAsync();
        await EditAsync("spent", -1_000);

        Assert.That((await Comparison.CompareAsync(default)).Differences, Has.One.StartsWith($"L4: bucket {Bucket} of {Account} has "));
        Assert.That((await Comparison.CompareSampleAsync(default)).Differences, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_held_amount_that_was_edited_is_found_and_named()
    {
        await WriteAsync();
        await EditAsync("held", 5);

        Assert.That((await Comparison.CompareAsync(default)).Differences, Has.One.StartsWith($"L2: bucket {Bucket} of {Account} has 105 held in the front, its live holds 100"));
    }

    [Test]
    public async Task More_held_than_there_is_is_found_and_named()
    {
        await WriteAsync();
        await EditAsync("held", 20 * Credits.NanoPerCredit);

        Assert.That((await Comparison.CompareAsync(default)).Differences, Has.One.StartsWith($"L1: bucket {Bucket} of {Account} has "));
    }

    [Test]
    public async Task A_top_up_that_the_front_was_not_told_of_is_found()
    {
        await WriteAsync();
        await new ProofHistory(Book).TopUpAsync(5, Account);

        Assert.That((await Comparison.CompareAsync(default)).Differences, Has.One.StartsWith($"L4: bucket {Bucket} of {Account} has "));
    }

    [Test]
    public async Task What_is_of_another_epoch_is_void()
    {
        await WriteAsync();
        await EditAsync("spent", -1_000);
        await Server.ExecuteAsync("update front_state set epoch = 2", Connection);
        await front.OpenEpochAsync(2, default);

        Assert.That(await Comparison.CompareAsync(default), Is.EqualTo(new FrontFindings(0, [])).Using<FrontFindings>(
            static (one, other) => one.Examined == other.Examined && one.Differences.SequenceEqual(other.Differences)));
    }

    [Test]
    public async Task A_front_that_is_being_opened_is_not_compared()
    {
        await Server.ExecuteAsync("update front_state set phase = 'drain'", Connection);

        Assert.That(async () => await Comparison.CompareAsync(default), Throws.InstanceOf<FrontUnavailableException>().With.Message.Contains("'drain'"));
    }

    [Test]
    public async Task A_load_of_settlements_is_no_difference_and_hides_none()
    {
        await WriteAsync();
        using var stop = new CancellationTokenSource();
        var settled = 0;
        var load = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await RecordAsync(await SettleAsync(await HoldAsync(50), 30), acknowledge: true);
                Interlocked.Increment(ref settled);
            }
        })).ToArray();
        try
        {
            var until = Stopwatch.StartNew();
            while (settled < 100 && until.Elapsed < TimeSpan.FromSeconds(30))
                Assert.That((await Comparison.CompareAsync(default)).Differences, Is.Empty);
            await EditAsync("spent", -1_000);
            Assert.That(settled, Is.GreaterThanOrEqualTo(100));
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(load);
        }

        Assert.That((await Comparison.CompareAsync(default)).Differences, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task The_command_compares_and_its_exit_code_tells()
    {
        var folder = Directory.CreateTempSubdirectory("gateway-proof-");
        try
        {
            await WriteAsync();
            var untouched = await VerifyAsync();
            await EditAsync("spent", -1_000);
            var touched = await VerifyAsync();

            Assert.That(untouched.ExitCode, Is.Zero, untouched.Output + untouched.Errors);
            Assert.That(untouched.Output, Does.Contain("ok         L1 to L4 the front"));
            Assert.That(touched.ExitCode, Is.EqualTo(1), touched.Output + touched.Errors);
            Assert.That(touched.Output, Does.Contain("DIFFERENT  L1 to L4 the front").And.Contain($"L4: bucket {Bucket} of {Account}").And.Contain("1 of "));
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        Task<GatewayCommand> VerifyAsync() => GatewayCommand.RunAsync(
            folder.FullName, ["verify-ledger", "--front", "--ConnectionStrings:Ledger", Connection, .. Settings], null, ("Gateway__MasterKey", MasterKey));
    }

    private protected abstract Task<ISharedFront> FrontAsync();

    /// <summary>Adds to a bucket's field, as somebody with the server's password would.</summary>
    private protected abstract Task EditAsync(string field, long add);

    /// <summary>A call in flight that holds 100, one that waits for the book, one that is there and not acknowledged, one that is over, a void, and one given back.</summary>
    private protected async Task<Hold> WriteAsync()
    {
        await SettleAsync(await HoldAsync(70), 40);
        await RecordAsync(await SettleAsync(await HoldAsync(80), 50), acknowledge: false);
        await RecordAsync(await SettleAsync(await HoldAsync(90), 60), acknowledge: true);
        await front.SettleAsync(await HoldAsync(10), Credits.Zero, mayOverrun: false, 0, planned: null, default);
        var given = await HoldAsync(20);
        var call = await SettleAsync(given, 20);
        await RecordAsync(call, acknowledge: false);
        await Book.VoidAsync(call.ReceiptId, Calls.Start, default);
        await front.RefundAsync(given, default);
        return await HoldAsync(100);
    }

    private async Task<Hold> HoldAsync(long amount) => ((HoldResult.Held)await front.HoldAsync(Calls.Request(amount), default)).Hold;

    private async Task<SettledCall> SettleAsync(Hold hold, long cost)
    {
        var planned = Calls.Planned(hold, cost);
        var settled = await front.SettleAsync(hold, new Credits(cost), mayOverrun: false, 0, planned, default);
        return planned with { PaidBy = settled.PaidBy };
    }

    private async Task RecordAsync(SettledCall call, bool acknowledge)
    {
        await Book.RecordAsync([call], default);
        if (acknowledge)
            await front.AcknowledgeAsync([(call.Account, call.ReceiptId)], default);
    }
}
