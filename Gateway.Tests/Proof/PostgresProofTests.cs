using Gateway.Host.Secrets;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Ledger.Book.Postgres;
using Gateway.Ledger.Proof;
using Gateway.Tests.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NUnit.Framework;

namespace Gateway.Tests.Proof;

/// <summary>The proofs over a PostgreSQL book that two gateways write, each its own chain.</summary>
internal sealed class PostgresProofTests
{
    private ReceiptKeys keys;
    private string connection;
    private PostgresBook one;
    private PostgresBook two;

    [SetUp]
    public async Task OpenAsync()
    {
        keys = ReceiptKeys.Derive([ProvenBook.Seed]);
        connection = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        one = new PostgresBook(connection, TimeProvider.System, NullLogger.Instance, "gw_one", keys);
        two = new PostgresBook(connection, TimeProvider.System, NullLogger.Instance, "gw_two", keys);
        await one.OpenAsync(default);
        await two.OpenAsync(default);
    }

    [TearDown]
    public async Task CloseAsync()
    {
        if (one is not null)
            await one.DisposeAsync();
        if (two is not null)
            await two.DisposeAsync();
        keys.Dispose();
    }

    [Test]
    public async Task Two_gateways_at_once_write_two_chains_without_a_gap_and_every_check_holds()
    {
        var bucket = await new ProofHistory(one).TopUpAsync(1_000);
        await Task.WhenAll(((PostgresBook[])[one, one, two, two]).Select((book, worker) => Task.Run(async () =>
        {
            for (var i = 0; i < 10; i++)
            {
                var call = ProofHistory.Call(ProofHistory.Account, bucket, worker, i);
                await book.RecordAsync([call, ProofHistory.Call(ProofHistory.Account, bucket, 5, 5, Outcome.Failed)], default);
                await book.RecordAsync([call], default);
                await book.VoidAsync(call.ReceiptId, ProofHistory.Start, default);
                await new ProofHistory(book).TopUpAsync(1);
            }
        })));

        var results = await ResultsAsync();

        Assert.That(results.Where(static result => result.First is not null), Is.Empty);
        Assert.That(results.Single(static result => result.Of is "blocks").Examined, Is.GreaterThan(80));
        Assert.That(await ChainsAsync(), Is.EqualTo(new[] { "gw_one", "gw_two" }));
    }

    [TestCase("update entry set amount = amount + 1, new = new + 1 where version = 2 and account = 'acc_two' and bucket like 'bkt%'", "I11 every block", "has the hash")]
    [TestCase("delete from entry where version = 2 and account = 'acc_two'", "I9", "entries, numbered")]
    [TestCase("delete from entry where version = 2 and account = 'acc_two'", "I10", "the one before ended at")]
    [TestCase("update bucket set credited = credited + 5, posted = posted + 5 where account = 'acc_two' and kind = 'credit'", "I2 a balance", "of acc_two (CREDIT) has")]
    [TestCase("update receipt set body = convert_to(replace(convert_from(body, 'UTF8'), 'ch_1', 'ch_2'), 'UTF8')", "I11 every block", "has the hash")]
    [TestCase("update receipt set cost = cost - 1 where outcome = 'complete'", "I5 a charge", "its entries charge")]
    [TestCase("delete from receipt", "I5 no charge", "which does not exist")]
    [TestCase("delete from block where number = 3", "I11 every block", "is number 4 of chain gw_one, where number 3 follows")]
    [TestCase("delete from block where number = 3", "I11 every receipt", ", which does not exist")]
    [TestCase("update block set signature = null", "I11 every block", "is not signed")]
    [TestCase("update posting set amount = 1", "I12 a posting is its entries", "moves 1 nano-credits")]
    public async Task Whatever_is_changed_by_hand_is_found_and_named(string sql, string check, string words)
    {
        await new ProofHistory(one).WriteAsync();
        await TamperAsync(sql);

        var differences = (await ResultsAsync()).Where(static result => result.First is not null);

        Assert.That(differences.Where(found => found.Name.StartsWith(check, StringComparison.Ordinal)).Select(static found => found.First), Has.One.Contains(words));
    }

    [TestCase("select 1", null)]
    [TestCase("update receipt set refunded = refunded - 1 where refunded = cost and cost > 0", "given back, its postings")]
    [TestCase("update posting set amount = amount + 1 where kind = 'refund'", "given back, its postings")]
    [TestCase("delete from posting where kind = 'refund'", "given back, its postings")]
    public async Task A_refund_is_its_postings_and_entries(string sql, string? words)
    {
        await new ProofHistory(one).WriteWithRefundsAsync();
        await TamperAsync(sql);

        var refunds = (await ResultsAsync()).Single(static result => result.Name.StartsWith("I12 a refund", StringComparison.Ordinal));

        Assert.That(refunds.Examined, Is.EqualTo(25));
        Assert.That(refunds.First, words is null ? Is.Null : Does.Contain(words));
    }

    [Test]
    public async Task A_served_receipt_is_proven_and_names_its_block()
    {
        var call = ProofHistory.Call(ProofHistory.Account, await new ProofHistory(one).TopUpAsync(1), 100, 1_000);
        await one.RecordAsync([call], default);

        var receipt = (await two.FindReceiptAsync(call.ReceiptId, null, null, default))!.Value;

        Assert.That(System.Text.Encoding.UTF8.GetString(receipt.Span), Does.Match("\"block\":[0-9]+,\"signature\":\"ES256:"));
        Assert.That(ReceiptVerifier.Verify(receipt, keys).Where(static finding => !finding.Ok), Is.Empty);
    }

    [Test]
    public async Task A_block_cannot_be_changed_or_deleted()
    {
        await new ProofHistory(one).TopUpAsync(1);

        foreach (var sql in (string[])["update block set number = 9", "delete from block", "truncate block"])
            Assert.That(async () => await ExecuteAsync(sql), Throws.InstanceOf<PostgresException>().With.Message.Contains("never"), sql);
    }

    [Test]
    public async Task A_day_is_closed_once_by_whichever_gateway_is_first()
    {
        await new ProofHistory(one).WriteAsync();
        await new ProofHistory(two).TopUpAsync(1);
        var today = DateOnly.FromDateTime(DateTime.UtcNow);

        await Task.WhenAll(one.CloseDayAsync(today, default), two.CloseDayAsync(today, default));
        await one.CloseDayAsync(today.AddDays(1), default);

        await using var snapshot = await two.OpenSnapshotAsync(default);
        var root = (await snapshot.RootsAsync(default)).Single();
        Assert.That(root.Chains, Does.StartWith("""[{"chain":"gw_one","number":8,""").And.Contain("""{"chain":"gw_two","number":1,"""));
        Assert.That((await ResultsAsync()).Where(static result => result.First is not null), Is.Empty);
    }

    [Test]
    public async Task The_reconciler_follows_both_chains_and_finds_what_was_changed()
    {
        await using var reconciler = new Reconciler(two, keys, TimeProvider.System, NullLogger.Instance);
        await new ProofHistory(one).WriteAsync();
        await reconciler.LookAsync(default);
        await new ProofHistory(one).WriteAsync();
        await new ProofHistory(two).WriteAsync();
        await reconciler.LookAsync(default);
        Assert.That(reconciler.Drift, Is.Zero);

        await new ProofHistory(two).TopUpAsync(1);
        await TamperAsync("update bucket set credited = credited + 5, posted = posted + 5 where account = 'acc_one' and kind = 'credit'");
        await reconciler.LookAsync(default);

        Assert.That(reconciler.Drift, Is.EqualTo(1));
    }

    [Test]
    public async Task The_command_verifies_a_postgresql_book_and_names_a_difference()
    {
        var folder = Directory.CreateTempSubdirectory("gateway-proof-");
        var masterKey = Convert.ToBase64String(new byte[32]);
        using var installed = new MasterKeys(new byte[32], []).DeriveReceiptKeys();
        await using var book = new PostgresBook(connection, TimeProvider.System, NullLogger.Instance, "gw_three", installed);
        try
        {
            await book.OpenAsync(default);
            await new ProofHistory(book).WriteAsync();
            var untouched = await VerifyAsync();
            await TamperAsync("update bucket set credited = credited + 5, posted = posted + 5 where account = 'acc_two' and kind = 'credit'");
            var touched = await VerifyAsync();
            var nowhere = await GatewayCommand.RunAsync(folder.FullName, ["verify-ledger", "--ConnectionStrings:Ledger", connection + "x"], null, ("Gateway__MasterKey", masterKey));

            Assert.That(untouched.ExitCode, Is.Zero, untouched.Output + untouched.Errors);
            Assert.That(touched.ExitCode, Is.EqualTo(1), touched.Output + touched.Errors);
            Assert.That(touched.Output, Does.Contain("DIFFERENT  I2 a balance is the sum of its entries"));
            Assert.That(nowhere.ExitCode, Is.EqualTo(2), nowhere.Output + nowhere.Errors);
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        Task<GatewayCommand> VerifyAsync() =>
            GatewayCommand.RunAsync(folder.FullName, ["verify-ledger", "--ConnectionStrings:Ledger", connection], null, ("Gateway__MasterKey", masterKey));
    }

    private async Task<IReadOnlyList<CheckResult>> ResultsAsync()
    {
        var results = new List<CheckResult>();
        await foreach (var result in new LedgerVerifier(new PostgresProof(connection), keys, front: null).RunAsync(default))
            results.Add(result);
        return results;
    }

    private async Task<IEnumerable<string>> ChainsAsync()
    {
        await using var snapshot = await one.OpenSnapshotAsync(default);
        return (await snapshot.TailsAsync(before: null, default)).Select(static tail => tail.Chain).Order(StringComparer.Ordinal);
    }

    // As a superuser who knows how to keep triggers quiet.
    private Task TamperAsync(string sql) => ExecuteAsync($"set session_replication_role = replica; {sql}");

    private async Task ExecuteAsync(string sql)
    {
        await using var superuser = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connection) { Pooling = false }.ConnectionString);
        await superuser.OpenAsync();
        await using var command = new NpgsqlCommand(sql, superuser);
        await command.ExecuteNonQueryAsync();
    }
}
