using System.Globalization;
using System.Security.Cryptography;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Ledger.Book.Sqlite;
using Gateway.Ledger.Proof;
using Gateway.Tests.Fakes;
using NUnit.Framework;

namespace Gateway.Tests.Proof;

internal sealed class LedgerVerifierTests
{
    private ProvenBook book;

    [SetUp]
    public async Task OpenAsync() => book = await ProvenBook.OpenAsync();

    [TearDown]
    public async Task CloseAsync() => await book.DisposeAsync();

    [Test]
    public async Task An_untouched_book_has_no_difference()
    {
        await book.History.WriteAsync();

        var results = new List<CheckResult>();
        await foreach (var result in new LedgerVerifier(new SqliteProof(book.Path), book.Keys, front: null).RunAsync(default))
            results.Add(result);

        Assert.That(results.Where(static result => result.First is not null), Is.Empty);
        Assert.That(results.Single(static result => result.Name.StartsWith("I8", StringComparison.Ordinal)).Examined, Is.EqualTo(25));
        Assert.That(results.Single(static result => result.Of is "blocks").Examined, Is.EqualTo(8));
    }

    [TestCase("update entry set amount = amount + 1, new = new + 1 where id = 7", "I11 every block", "block 3 (number 3 of chain local) has the hash", TestName = "A_changed_entry_is_found")]
    [TestCase("delete from entry where id = 7", "I11 every block", "block 3 (number 3 of chain local) was written with", TestName = "A_missing_entry_is_found")]
    [TestCase("delete from entry where id = 7", "I1 double entry closes for each event", "sum to", TestName = "A_missing_entry_unbalances_its_event")]
    [TestCase("delete from entry where id = 7", "I9", "entries, numbered", TestName = "A_missing_entry_leaves_a_gap")]
    [TestCase("update bucket set credited = credited + 5, posted = posted + 5 where account = 'acc_one' and kind = 'credit'", "I2 a balance", "of acc_one (CREDIT) has", TestName = "A_balance_edited_by_hand_is_found")]
    [TestCase("update receipt set body = cast(replace(cast(body as text), 'ch_1', 'ch_2') as blob) where rowid = 3", "I11 every block", "block 3 (number 3 of chain local) has the hash", TestName = "A_changed_document_is_found")]
    [TestCase("update receipt set body = cast(replace(cast(body as text), '\"quantity\":1000', '\"quantity\":900') as blob) where rowid = 1", "I8", "at 2.8 per million are not", TestName = "A_changed_quantity_does_not_come_to_its_cost")]
    [TestCase("update receipt set cost = cost - 1 where rowid = 1", "a receipt's row", "its row says cost", TestName = "A_changed_cost_is_not_the_documents")]
    [TestCase("update receipt set paid_by = '[]' where rowid = 1", "a receipt's row", "its payers paid 0", TestName = "Payers_that_did_not_pay_the_cost_are_found")]
    [TestCase("update receipt set paid_by = '?' where rowid = 1", "I11 every block", "payers cannot be read", TestName = "Unreadable_payers_are_found")]
    [TestCase("update receipt set settled_at = 'then', workspace = x'ff00' where rowid = 1", "I11 every block", "block 3 (number 3 of chain local) has the hash", TestName = "A_value_of_another_type_is_found")]
    [TestCase("update receipt set id = x'00' where rowid = 1", "I11 every block", "block 3 (number 3 of chain local) has the hash", TestName = "A_changed_id_is_found")]
    [TestCase("delete from receipt where rowid = 1", "I5 no charge", "which does not exist", TestName = "A_deleted_receipt_leaves_its_charge")]
    [TestCase("delete from receipt where rowid = 3", "I11 every block", "was written with", TestName = "A_deleted_free_receipt_is_missing_in_its_block")]
    [TestCase("delete from block where id = 4", "I11 every block", "block 5 is number 5 of chain local, where number 4 follows", TestName = "A_deleted_block_is_found")]
    [TestCase("delete from block where id = 4", "I11 every receipt", "names block 4, which does not exist", TestName = "The_rows_of_a_deleted_block_are_found")]
    [TestCase("delete from block where id = 8", "I11 every receipt", "names block 8, which does not exist", TestName = "A_deleted_last_block_is_found")]
    [TestCase("update block set number = -4 where id = 4; update block set number = 4 where id = 5; update block set number = 5 where id = 4", "I11 every block", "block 4 is number 5 of chain local, where number 4 follows", TestName = "Two_blocks_in_each_others_place_are_found")]
    [TestCase("update receipt set block = 9 - block where block in (4, 5); update entry set block = 9 - block where block in (4, 5)", "I11 every block", "block 4 (number 4 of chain local) has the hash", TestName = "Rows_moved_to_another_block_are_found")]
    [TestCase("update block set signature = null, key_id = null where id = 2", "I11 every block", "block 2 (number 2 of chain local) is not signed", TestName = "A_block_without_signature_is_found")]
    [TestCase("update receipt set block = null where rowid = 3", "I11 every receipt", "is in no block", TestName = "A_receipt_in_no_block_is_found")]
    [TestCase("update posting set amount = 1 where account = 'acc_two'", "I12 a posting is its entries", "moves 1 nano-credits", TestName = "A_changed_posting_is_found")]
    [TestCase("update receipt set outcome = 'failed' where rowid = 1", "I6", "is failed and costs", TestName = "A_failed_receipt_that_costs_is_found")]
    public async Task Whatever_is_changed_by_hand_is_found_and_named(string sql, string check, string words)
    {
        await book.History.WriteAsync();
        await book.TamperAsync(sql);

        var differences = await book.DifferencesAsync();

        Assert.That(differences.Where(found => found.Name.StartsWith(check, StringComparison.Ordinal)).Select(static found => found.First), Has.One.Contains(words));
    }

    [Test]
    public async Task A_chain_hashed_anew_without_the_key_fails_at_its_signature()
    {
        await book.History.WriteAsync();
        await book.TamperAsync("update receipt set body = cast(replace(cast(body as text), 'ch_1', 'ch_2') as blob) where rowid = 1");
        await RehashAsync(signer: null);

        var differences = await book.DifferencesAsync();

        Assert.That(differences, Has.Count.EqualTo(1));
        Assert.That(differences[0].First, Does.Contain("block 3 (number 3 of chain local) has a signature that is not of its hash"));
    }

    [Test]
    public async Task A_chain_signed_anew_with_another_key_is_not_ours()
    {
        await book.History.WriteAsync();
        using var theirs = ReceiptKeys.Derive([SHA256.HashData("two"u8)]);
        await RehashAsync(theirs);

        var differences = await book.DifferencesAsync();

        Assert.That(differences.Select(static found => found.First), Has.One.Contains("comes from no configured master key"));
    }

    [Test]
    public async Task A_book_signed_under_an_earlier_master_key_still_verifies()
    {
        await book.History.WriteAsync();
        using var rotated = ReceiptKeys.Derive([SHA256.HashData("two"u8), ProvenBook.Seed]);

        Assert.That(await book.DifferencesAsync(rotated), Is.Empty);
    }

    [Test]
    public async Task Recording_goes_on_while_the_book_is_verified()
    {
        await book.History.WriteAsync();
        using var stop = new CancellationTokenSource();
        var bucket = await book.History.TopUpAsync(50);
        var recording = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
                await book.Book.RecordAsync([ProofHistory.Call(ProofHistory.Account, bucket, 10, 20)], default);
        });

        for (var i = 0; i < 5; i++)
            Assert.That(await book.DifferencesAsync(), Is.Empty);
        await stop.CancelAsync();
        await recording;
    }

    [Test]
    public async Task Batches_postings_and_refunds_at_once_make_one_chain_without_a_gap()
    {
        var bucket = await book.History.TopUpAsync(1_000);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; i < 20; i++)
            {
                var call = ProofHistory.Call(ProofHistory.Account, bucket, worker, i);
                await book.Book.RecordAsync([call, call, ProofHistory.Call(ProofHistory.Account, bucket, 5, 5)], default);
                await book.Book.VoidAsync(call.ReceiptId, ProofHistory.Start, default);
                await book.History.TopUpAsync(1);
            }
        })));

        Assert.That(await book.DifferencesAsync(), Is.Empty);
    }

    [Test]
    public async Task A_batch_that_the_book_has_makes_no_block()
    {
        var bucket = await book.History.TopUpAsync(1);
        var call = ProofHistory.Call(ProofHistory.Account, bucket, 10, 20);
        await book.Book.RecordAsync([call], default);
        await book.Book.RecordAsync([call], default);

        await using var snapshot = await book.Book.OpenSnapshotAsync(default);

        Assert.That((await snapshot.TotalsAsync(default)).Blocks, Is.EqualTo(2));
    }

    [Test]
    public async Task Rows_from_before_there_were_blocks_get_some_at_the_next_opening()
    {
        await book.History.WriteAsync();
        await book.TamperAsync("update receipt set block = null; update entry set block = null; delete from block");

        await using (var again = new SqliteBook(book.Path, Durability.Process, time: null, book.Keys))
            await again.OpenAsync(default);

        Assert.That(await book.DifferencesAsync(), Is.Empty);
    }

    [Test]
    public async Task A_root_names_the_day_and_continues_the_one_before()
    {
        var time = new ManualTimeProvider(ProofHistory.Start);
        await using var dated = await ProvenBook.OpenAsync(time);
        await dated.History.WriteAsync();
        await dated.Book.CloseDayAsync(Day(1), default);
        time.Advance(TimeSpan.FromDays(1));
        await dated.History.TopUpAsync(1);
        await dated.Book.CloseDayAsync(Day(1), default);
        await dated.Book.CloseDayAsync(Day(2), default);

        await using var snapshot = await dated.Book.OpenSnapshotAsync(default);
        var roots = await snapshot.RootsAsync(default);

        Assert.That(roots.Select(static root => root.Day), Is.EqualTo(new[] { "2026-11-21", "2026-11-22" }));
        Assert.That(roots[0].Chains, Does.StartWith("""[{"chain":"local","number":8,"hash":"""));
        Assert.That(roots[1].Chains, Does.StartWith("""[{"chain":"local","number":9,"hash":"""));
        Assert.That(roots[1].Previous, Is.EqualTo(roots[0].Root));
        Assert.That(await dated.DifferencesAsync(), Is.Empty);

        static DateOnly Day(int number) => new(2026, 11, 20 + number);
    }

    [TestCase("delete from block where id = 8; delete from receipt where block = 8; delete from entry where block = 8", "names block number 8 of chain local, which does not exist")]
    [TestCase("update daily_root set chains = replace(chains, '8', '7')", "is not the hash of what it names")]
    [TestCase("update daily_root set chains = 'x'", "in a form that cannot be read")]
    [TestCase("update daily_root set previous = root", "does not continue the root before it")]
    [TestCase("update daily_root set signature = zeroblob(64)", "has a signature that is not of its hash")]
    public async Task A_chain_cut_short_does_not_fit_its_daily_root(string sql, string words)
    {
        var time = new ManualTimeProvider(ProofHistory.Start);
        await using var dated = await ProvenBook.OpenAsync(time);
        await dated.History.WriteAsync();
        await dated.Book.CloseDayAsync(new DateOnly(2026, 11, 21), default);
        await dated.TamperAsync(sql);

        var differences = await dated.DifferencesAsync();

        Assert.That(differences.Where(static found => found.Of is "roots").Select(static found => found.First), Has.One.Contains(words));
    }

    [TestCase(10, 0, 0, 0, null)]
    [TestCase(7, 2, 2, 3, null)]
    [TestCase(7, 8, 8, 3, null, TestName = "Credits_that_were_taken_out_of_a_hold_are_no_difference")]
    [TestCase(-2, 0, 0, 10, null, TestName = "A_call_that_was_charged_what_was_taken_out_is_no_difference")]
    [TestCase(6, 8, 8, 3, "L1")]
    [TestCase(7, -1, -1, 3, "L1")]
    [TestCase(7, 2, 1, 3, "L2")]
    [TestCase(8, 2, 2, 3, "L4")]
    public void A_bucket_of_the_front_is_compared_with_the_book(long posted, long held, long live, long unrecorded, string? check)
    {
        var difference = FrontCheck.Check(new FrontBucket("acc_one", "bkt_one", posted, held, live, unrecorded), 10);

        Assert.That(difference, check is null ? Is.Null : Does.StartWith(check).And.Contains("bucket bkt_one of acc_one"));
    }

    [Test]
    public void A_bucket_that_only_the_front_has_is_a_difference() =>
        Assert.That(FrontCheck.Check(new FrontBucket("acc_one", "bkt_one", 0, 0, 0, 0), null), Does.StartWith("L4"));

    [Test]
    public async Task What_the_front_differs_in_is_a_check_of_its_own()
    {
        var differences = await book.DifferencesAsync(front: _ => Task.FromResult(new FrontFindings(3, ["L2: one", "L4: two"])));

        Assert.That(differences.Select(static found => (found.Examined, found.Differences, found.First)), Is.EqualTo(new[] { (3L, 2L, "L2: one") }));
    }

    [Test]
    public async Task Refunds_of_every_kind_are_their_postings_and_entries()
    {
        await book.History.WriteWithRefundsAsync();

        Assert.That(await book.DifferencesAsync(), Is.Empty);
    }

    [TestCase("update receipt set refunded = refunded - 1 where refunded = cost and cost > 0", "given back, its postings")]
    [TestCase("update receipt set refunded = refunded + 1 where refunded > 0 and refunded < cost", "given back, its postings")]
    [TestCase("update posting set amount = amount + 1 where kind = 'refund'", "given back, its postings")]
    [TestCase("delete from posting where kind = 'refund'", "given back, its postings")]
    [TestCase("delete from receipt where refunded > 0", "is of a receipt that does not exist")]
    public async Task A_refund_that_was_changed_by_hand_is_found(string sql, string words)
    {
        await book.History.WriteWithRefundsAsync();
        await book.TamperAsync(sql);

        var difference = (await book.DifferencesAsync()).Single(static found => found.Name.StartsWith("I12 a refund", StringComparison.Ordinal));

        Assert.That(difference.First, Does.Contain(words));
    }

    [Test]
    public async Task A_replayed_receipt_whose_bucket_was_emptier_still_adds_up()
    {
        var bucket = await book.History.TopUpAsync(1);
        var call = ProofHistory.Call(ProofHistory.Account, bucket, 400_000, 400_000, hold: new Credits(2 * Credits.NanoPerCredit));

        await book.Book.RecordAsync([call], default);

        Assert.That(call.Cost, Is.GreaterThan(new Credits(Credits.NanoPerCredit)));
        Assert.That(await book.DifferencesAsync(), Is.Empty);
    }

    // What somebody with the file but without the key can do: compute all hashes again.
    private async Task RehashAsync(ReceiptKeys? signer)
    {
        var updates = new List<string>();
        await using (var snapshot = await book.Book.OpenSnapshotAsync(default))
        {
            var previous = BlockBuilder.NoPrevious;
            await foreach (var filled in snapshot.BlocksAsync(default))
            {
                var rows = new BlockBuilder();
                foreach (var receipt in filled.Receipts)
                    rows.Add(receipt.ToLine());
                foreach (var entry in filled.Entries)
                    rows.Add(entry.ToLine());
                var hash = rows.Hash(filled.Block.Header, previous);
                var signature = signer is null ? "" : $", signature = x'{Convert.ToHexString(signer.Sign(hash))}', key_id = '{signer.CurrentId}'";
                updates.Add(string.Create(CultureInfo.InvariantCulture,
                    $"update block set previous = x'{Convert.ToHexString(previous)}', hash = x'{Convert.ToHexString(hash)}'{signature} where id = {filled.Block.Id};"));
                previous = hash;
            }
        }

        await book.TamperAsync(string.Concat(updates));
    }
}
