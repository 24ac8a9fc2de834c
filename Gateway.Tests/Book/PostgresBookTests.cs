using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Tests.Fakes;
using Npgsql;
using NUnit.Framework;

namespace Gateway.Tests.Book;

internal sealed class PostgresBookTests : BookContract
{
    private static readonly DateTimeOffset Start = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
    private PostgresDatabase database = null!; // Set before each test.

    private protected override async Task<IBook> OpenBookAsync() => (database = await PostgresDatabase.OpenAsync()).Book;

    // No database: the test was skipped before there was one.
    private protected override async Task CloseBookAsync()
    {
        if (database is not null)
            await database.DisposeAsync();
    }

    private protected override Task<long> ScalarAsync(string sql) =>
        database.ScalarAsync(sql.Replace("hex(r.id)", "replace(r.id::text, '-', '')", StringComparison.Ordinal));

    [TestCase("update entry set amount = 0, new = previous", "changed")]
    [TestCase("delete from entry", "deleted")]
    [TestCase("truncate entry", "deleted")]
    public async Task An_entry_cannot_be_changed_or_deleted_even_by_the_superuser(string sql, string word)
    {
        await Book.PostAsync(TopUp("acc_one", 5), Start, default);

        Assert.That(async () => await database.ScalarAsync(sql), Throws.InstanceOf<PostgresException>().With.Message.Contains($"never {word}"));
    }

    [TestCase("update entry set amount = 0, new = previous")]
    [TestCase("delete from entry")]
    [TestCase("truncate entry")]
    [TestCase("delete from entry_2026_11")]
    [TestCase("delete from receipt")]
    [TestCase("update receipt set cost = 0")]
    [TestCase("delete from bucket")]
    [TestCase("update bucket set account = 'acc_two'")]
    [TestCase("delete from audit")]
    [TestCase("update posting set amount = 0")]
    [TestCase("drop table entry")]
    [TestCase("alter table entry disable trigger all")]
    public async Task A_working_connection_may_not_rewrite_the_book_even_without_its_triggers(string sql)
    {
        await Book.PostAsync(TopUp("acc_one", 5), Start, default);
        await database.ScalarAsync("alter table entry disable trigger all; alter table entry_2026_11 disable trigger all");

        await using var command = database.Book.Source.CreateCommand(sql);

        Assert.That(
            () => command.ExecuteNonQueryAsync(),
            Throws.InstanceOf<PostgresException>().With.Property(nameof(PostgresException.SqlState)).EqualTo(PostgresErrorCodes.InsufficientPrivilege));
    }

    [Test]
    public async Task A_connection_keeps_its_role_when_it_comes_back_to_the_pool()
    {
        for (var use = 0; use < 3; use++)
        {
            await using var command = database.Book.Source.CreateCommand("select current_user::text");
            Assert.That(await command.ExecuteScalarAsync(), Is.EqualTo("gateway_writer"));
        }
    }

    [Test]
    public async Task An_id_can_live_in_the_partition_of_its_own_month_only()
    {
        var posted = (PostingResult.Posted)await Book.PostAsync(TopUp("acc_one", 5), Start, default);
        var call = PostgresCalls.Call("acc_one", posted.Bucket.Id, new Credits(3), Start);
        await Book.RecordAsync([call], default);

        Assert.That(await database.ScalarAsync("select count(*) from receipt_2026_11"), Is.EqualTo(1));
        Assert.That(
            () => database.ScalarAsync("insert into receipt select id, account, workspace, key_id, run_id, occurred_at + interval '1 month', settled_at, outcome, cost, shortfall, currency, delivery, paid_by, body from receipt"),
            Throws.InstanceOf<PostgresException>().With.Property(nameof(PostgresException.SqlState)).EqualTo(PostgresErrorCodes.CheckViolation));
    }

    [TestCase(1999)]
    [TestCase(2031)]
    public async Task A_call_of_any_month_finds_its_partition(int year)
    {
        var at = new DateTimeOffset(year, 1, 31, 23, 59, 59, 999, TimeSpan.Zero);
        var posted = (PostingResult.Posted)await Book.PostAsync(TopUp("acc_one", 5), Start, default);
        var call = PostgresCalls.Call("acc_one", posted.Bucket.Id, new Credits(3), at) with { SettledAt = at.AddSeconds(1) };

        Assert.That(await Book.RecordAsync([call], default), Is.EqualTo(1));
        Assert.That(await Book.RecordAsync([call], default), Is.Zero);
        Assert.That(await Book.FindReceiptAsync(call.ReceiptId, null, null, default), Is.Not.Null);
        Assert.That(await ScalarAsync($"select count(*) from receipt_{year}_01"), Is.EqualTo(1));
        Assert.That(await ScalarAsync($"select count(*) from entry_{year}_02"), Is.EqualTo(2));
    }

    [Test]
    public async Task Months_are_made_ahead()
    {
        var ahead = TimeProvider.System.GetUtcNow();
        for (var month = 0; month < 3; month++)
        {
            var name = ahead.AddMonths(month).ToString("yyyy_MM");
            Assert.That(await ScalarAsync($"select count(*) from pg_class where relname in ('receipt_{name}', 'entry_{name}')"), Is.EqualTo(2), name);
        }
    }

    [Test]
    public async Task An_unknown_receipt_of_the_last_possible_moment_is_not_found()
    {
        Assert.That(ReceiptId.TryParse($"ul_{new string('f', 32)}", out var id), Is.True);
        Assert.That(await Book.FindReceiptAsync(id, null, null, default), Is.Null);
    }

    [Test]
    public async Task Two_gateways_that_record_for_the_same_accounts_lose_and_double_nothing()
    {
        var log = new FakeLogger();
        await using var one = database.NewBook(log);
        await using var other = database.NewBook(log);
        await one.OpenAsync(default);
        await other.OpenAsync(default);
        var buckets = new List<(string Account, string Bucket)>();
        for (var i = 0; i < 20; i++)
        {
            var posted = (PostingResult.Posted)await Book.PostAsync(TopUp($"acc_{i}", 1_000_000), Start, default);
            buckets.Add(($"acc_{i}", posted.Bucket.Id));
        }

        // Half of each recorder's calls are its neighbour's on the other gateway too, in another order.
        var shared = Enumerable.Range(0, 8).Select(_ => Calls(buckets, 100)).ToArray();
        IBook[] books = [one, other];
        var recorded = await Task.WhenAll(Enumerable.Range(0, 8).Select(async recorder =>
        {
            var sum = 0;
            for (var round = 0; round < 5; round++)
            {
                var batch = shared[recorder].Skip(round * 20).Take(20).Concat(shared[(recorder + 1) % 8].Skip(round * 20).Take(20)).ToArray();
                Random.Shared.Shuffle(batch);
                sum += await books[recorder % 2].RecordAsync(batch, default);
            }

            return sum;
        }));

        Assert.That(log.Messages, Is.Empty, "A fixed order of locks has no deadlock.");
        Assert.That(recorded.Sum(), Is.EqualTo(800));
        Assert.That(await ScalarAsync("select count(*) from receipt"), Is.EqualTo(800));
        Assert.That(await ScalarAsync("select sum(posted) from bucket where kind = 'revenue'"), Is.EqualTo(800));
        Assert.That(await ScalarAsync("select sum(spent) from key_day"), Is.EqualTo(800));
        Assert.That(await ScalarAsync("select sum(spent) from bucket where kind = 'credit'"), Is.EqualTo(800));
        Assert.That(await ScalarAsync("select count(*) from (select from entry group by account, bucket, currency having count(*) <> max(version) or count(distinct version) <> count(*)) gaps"), Is.Zero);
    }

    [Test]
    public async Task A_month_that_was_moved_away_is_made_again()
    {
        var posted = (PostingResult.Posted)await Book.PostAsync(TopUp("acc_one", 5), Start, default);
        var late = Start.AddYears(-1);
        var call = PostgresCalls.Call("acc_one", posted.Bucket.Id, new Credits(1), late);
        await Book.RecordAsync([call], default);
        await database.ScalarAsync("drop table receipt_2025_11");

        Assert.That(() => Book.RecordAsync([PostgresCalls.Call("acc_one", posted.Bucket.Id, new Credits(1), late)], default), Throws.InstanceOf<PostgresException>());
        Assert.That(await Book.RecordAsync([PostgresCalls.Call("acc_one", posted.Bucket.Id, new Credits(1), late)], default), Is.EqualTo(1));
    }

    [Test]
    public async Task Parallel_refunds_by_two_gateways_refund_once()
    {
        await using var other = database.NewBook();
        await other.OpenAsync(default);
        var posted = (PostingResult.Posted)await Book.PostAsync(TopUp("acc_one", 5), Start, default);
        var call = PostgresCalls.Call("acc_one", posted.Bucket.Id, new Credits(3), Start);
        await Book.RecordAsync([call], default);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => (i % 2 == 0 ? Book : other).VoidAsync(call.ReceiptId, Start, default)));

        Assert.That(await ScalarAsync("select posted from bucket where kind = 'credit'"), Is.EqualTo(5));
        Assert.That(await ScalarAsync("select count(*) from entry where kind = 'void'"), Is.EqualTo(2));
        Assert.That(await ScalarAsync("select spent from key_day"), Is.Zero);
    }

    [Test]
    public async Task A_deadlock_with_a_stranger_is_tried_again()
    {
        var log = new FakeLogger();
        await using var book = database.NewBook(log);
        await book.OpenAsync(default);
        var first = (PostingResult.Posted)await Book.PostAsync(TopUp("acc_a", 10), Start, default);
        var second = (PostingResult.Posted)await Book.PostAsync(TopUp("acc_b", 10), Start, default);
        SettledCall[] Pair() =>
            [PostgresCalls.Call("acc_a", first.Bucket.Id, new Credits(1), Start), PostgresCalls.Call("acc_b", second.Bucket.Id, new Credits(1), Start)];
        await book.RecordAsync(Pair(), default);
        await using var stranger = new NpgsqlConnection(database.ConnectionString);
        await stranger.OpenAsync();
        await using var transaction = await stranger.BeginTransactionAsync();

        // The stranger takes the second bucket, the book the first and waits; then the stranger asks for the first. The server ends whoever looks for
        // the deadlock first, and the stranger looks after 30 seconds.
        await ExecuteAsync(stranger, "set local deadlock_timeout = '30s'");
        await ExecuteAsync(stranger, $"select from bucket where id = '{second.Bucket.Id}' for update");
        var recording = book.RecordAsync(Pair(), default);
        await WaitsForLockAsync();
        await ExecuteAsync(stranger, $"select from bucket where id = '{first.Bucket.Id}' for update");
        await transaction.CommitAsync();

        Assert.That(await recording, Is.EqualTo(2));
        Assert.That(log.Messages, Is.EqualTo(new[] { "A transaction of the book lost a conflict (40P01) at try 1; again." }));
        Assert.That(await ScalarAsync("select sum(posted) from bucket where kind = 'revenue'"), Is.EqualTo(4));
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private async Task WaitsForLockAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (await ScalarAsync("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") == 0)
            await Task.Delay(10, deadline.Token);
    }

    private static SettledCall[] Calls(List<(string Account, string Bucket)> buckets, int count) =>
        [.. Enumerable.Range(0, count).Select(i => PostgresCalls.Call(buckets[i % buckets.Count].Account, buckets[i % buckets.Count].Bucket, new Credits(1), Start))];

    private static Posting TopUp(string account, long nano) => new()
    {
        Account = account, Workspace = "ws_default", Kind = BucketKind.Credit, Currency = "CREDIT", Amount = new Credits(nano), Actor = "operator",
    };
}
