using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using NUnit.Framework;

namespace Gateway.Tests.Book;

/// <summary>What every book promises; each implementation runs the same tests.</summary>
internal abstract partial class BookContract
{
    private const string Account = "acc_one";
    private static readonly DateTimeOffset Start = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    private protected IBook Book { get; private set; } = null!; // Set before each test.

    private protected abstract Task<IBook> OpenBookAsync();

    private protected abstract Task CloseBookAsync();

    /// <summary>The first column of the first row.</summary>
    private protected abstract Task<long> ScalarAsync(string sql);

    [SetUp]
    public async Task OpenAsync() => Book = await OpenBookAsync();

    [TearDown]
    public Task CloseAsync() => CloseBookAsync();

    [Test]
    public async Task A_settlement_recorded_twice_is_charged_once()
    {
        var bucket = await TopUpAsync(10);
        var call = Call(bucket, 3);

        var first = await Book.RecordAsync([call], default);
        var second = await Book.RecordAsync([call], default);

        Assert.That((first, second), Is.EqualTo((1, 0)));
        Assert.That(await BalanceAsync(bucket), Is.EqualTo(Whole(7)));
        Assert.That(await Book.LoadKeySpentAsync("key_a", DateOnly.FromDateTime(Start.UtcDateTime), default), Is.EqualTo(Whole(3)));
        await AssertInvariantsAsync();
    }

    [Test]
    public async Task A_duplicate_inside_a_batch_is_charged_once()
    {
        var bucket = await TopUpAsync(10);
        var call = Call(bucket, 3);

        var recorded = await Book.RecordAsync([call, Call(bucket, 1), call], default);

        Assert.That(recorded, Is.EqualTo(2));
        Assert.That(await BalanceAsync(bucket), Is.EqualTo(Whole(6)));
        await AssertInvariantsAsync();
    }

    [Test]
    public async Task A_void_reverses_a_charge_once()
    {
        var bucket = await TopUpAsync(10);
        var call = Call(bucket, 3, shortfall: 1);
        await Book.RecordAsync([call], default);

        await Book.VoidAsync(call.ReceiptId, Start, default);
        await Book.VoidAsync(call.ReceiptId, Start, default);

        Assert.That(await BalanceAsync(bucket), Is.EqualTo(Whole(10)));
        Assert.That(await Book.LoadKeySpentAsync("key_a", DateOnly.MinValue, default), Is.EqualTo(Credits.Zero));
        Assert.That(await ScalarAsync("select sum(posted) from bucket where kind in ('revenue', 'shortfall')"), Is.Zero);
        using var receipt = JsonDocument.Parse((await Book.FindReceiptAsync(call.ReceiptId, null, null, default))!.Value);
        Assert.That(receipt.RootElement.GetProperty("delivery").GetString(), Is.EqualTo("refunded"));
        await AssertInvariantsAsync();
    }

    [Test]
    public async Task A_void_of_an_unknown_receipt_does_nothing()
    {
        await Book.VoidAsync(ReceiptId.Create(Start), Start, default);

        Assert.That(await ScalarAsync("select count(*) from entry"), Is.Zero);
    }

    [Test]
    public async Task What_a_bucket_no_longer_has_is_the_houses()
    {
        var bucket = await TopUpAsync(2);
        var call = Call(bucket, 3);

        await Book.RecordAsync([call], default);

        Assert.That(await BalanceAsync(bucket), Is.EqualTo(Credits.Zero));
        Assert.That(await ScalarAsync("select posted from bucket where kind = 'shortfall'"), Is.EqualTo(-Whole(1).Nano));
        using var receipt = JsonDocument.Parse((await Book.FindReceiptAsync(call.ReceiptId, null, null, default))!.Value);
        Assert.That(receipt.RootElement.GetProperty("cost").GetDecimal(), Is.EqualTo(2));
        Assert.That(receipt.RootElement.GetProperty("shortfall").GetDecimal(), Is.EqualTo(1));
        await AssertInvariantsAsync();
    }

    [Test]
    public async Task Concurrent_postings_under_one_idempotency_key_post_once()
    {
        var posting = TopUp(5) with { IdempotencyKey = "once", Fingerprint = "f" };

        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Book.PostAsync(posting, Start, default)));

        var posted = results.Cast<PostingResult.Posted>().ToArray();
        Assert.That(posted.Count(static result => !result.Replayed), Is.EqualTo(1));
        Assert.That(posted.Select(static result => result.PostingId).Distinct().Count(), Is.EqualTo(1));
        Assert.That(await BalanceAsync(posted[0].Bucket.Id), Is.EqualTo(Whole(5)));
        Assert.That(await ScalarAsync("select count(*) from audit"), Is.EqualTo(1));
        await AssertInvariantsAsync();
    }

    [Test]
    public async Task An_idempotency_key_with_another_fingerprint_is_refused()
    {
        await Book.PostAsync(TopUp(5) with { IdempotencyKey = "once", Fingerprint = "f" }, Start, default);

        var result = await Book.PostAsync(TopUp(6) with { IdempotencyKey = "once", Fingerprint = "g" }, Start, default);

        Assert.That(result, Is.InstanceOf<PostingResult.KeyReused>());
    }

    [Test]
    public async Task A_bucket_takes_its_limit_and_not_one_nano_more()
    {
        var full = await Book.PostAsync(TopUp(1) with { Amount = Credits.MaxPerBucket }, Start, default);
        var over = await Book.PostAsync(TopUp(1) with { Amount = new Credits(1) }, Start, default);

        Assert.That(full, Is.InstanceOf<PostingResult.Posted>());
        Assert.That(over, Is.EqualTo(new PostingResult.OverLimit(Credits.MaxPerBucket)));
        await AssertInvariantsAsync();
    }

    [Test]
    public async Task Each_pack_is_a_bucket_and_top_ups_share_one()
    {
        var pack = TopUp(5) with { Kind = BucketKind.Pack, Provider = "demo", Model = "echo", ExpiresAt = Start.AddDays(30) };
        await Book.PostAsync(pack, Start, default);
        await Book.PostAsync(pack, Start, default);
        await Book.PostAsync(TopUp(1), Start, default);
        await Book.PostAsync(TopUp(1), Start, default);

        var account = await Book.LoadAccountAsync(Account, default);

        Assert.That(account.Buckets.Select(static bucket => bucket.Kind), Is.EqualTo(new[] { BucketKind.Pack, BucketKind.Pack, BucketKind.Credit }));
        Assert.That(account.Buckets[0].ExpiresAt, Is.EqualTo(Start.AddDays(30)));
        Assert.That(account.Buckets[2].CreditVersion, Is.EqualTo(2));
        Assert.That(account.Buckets[2].Posted, Is.EqualTo(Whole(2)));
    }

    [Test]
    public async Task A_receipt_is_found_by_its_own_tenant_and_key_only()
    {
        var call = Call(await TopUpAsync(10), 3);
        await Book.RecordAsync([call], default);

        var found = await Book.FindReceiptAsync(call.ReceiptId, "ws_default", "key_a", default);

        var text = Regex.Replace(Encoding.UTF8.GetString(found!.Value.Span), "\"block\":[0-9]+,", "\"block\":null,", RegexOptions.None, TimeSpan.FromSeconds(1));
        Assert.That(text, Is.EqualTo(Encoding.UTF8.GetString(ReceiptDocument.Complete(call, call.SettledAt).Span)));
        Assert.That(await Book.FindReceiptAsync(call.ReceiptId, "ws_other", null, default), Is.Null);
        Assert.That(await Book.FindReceiptAsync(call.ReceiptId, null, "key_b", default), Is.Null);
    }

    [Test]
    public async Task Entries_are_listed_newest_first_page_by_page()
    {
        var bucket = await TopUpAsync(10);
        await Book.RecordAsync([Call(bucket, 1), Call(bucket, 2)], default);

        var first = await Book.ListEntriesAsync(Account, 4, null, default);
        var second = await Book.ListEntriesAsync(Account, 4, first.NextCursor, default);

        Assert.That(first.Data.Select(static entry => entry.Id), Is.EqualTo(new[] { 6L, 5, 4, 3 }));
        Assert.That(second.Data.Select(static entry => entry.Id), Is.EqualTo(new[] { 2L, 1 }));
        Assert.That(second.NextCursor, Is.Null);
    }

    [Test]
    public async Task Random_histories_keep_the_invariants([NUnit.Framework.Range(1, 5)] int seed)
    {
        var random = new Random(seed);
        var buckets = new List<string>();
        var calls = new List<SettledCall>();
        for (var step = 0; step < 60; step++)
        {
            if (buckets.Count == 0 || random.Next(5) == 0)
            {
                var kind = (BucketKind)random.Next(3);
                var posted = await Book.PostAsync(TopUp(random.Next(1, 50)) with { Kind = kind }, Start, default);
                buckets.Add(((PostingResult.Posted)posted).Bucket.Id);
            }

            var batch = Enumerable.Range(0, random.Next(1, 30)).Select(_ => RandomCall(random, buckets, calls)).ToArray();
            calls.AddRange(batch);
            await Book.RecordAsync(batch, default);
            if (random.Next(2) == 0)
                await GiveBackAsync(random, calls[random.Next(calls.Count)].ReceiptId);
        }

        await AssertInvariantsAsync();
        Assert.That(await ScalarAsync("select count(*) from receipt"), Is.EqualTo(calls.DistinctBy(static call => call.ReceiptId).Count()));
        Assert.That(await ScalarAsync("select count(*) from entry where bucket = 'shortfall'"), Is.Positive);
    }

    private async Task GiveBackAsync(Random random, ReceiptId id)
    {
        var refund = new Refund { ReceiptId = id, Reason = (RefundReason)random.Next(2), Actor = "operator" };
        if (random.Next(3) == 0)
            await Book.VoidAsync(id, Start, default);
        else
            await Book.RefundAsync(refund with { Amount = random.Next(2) == 0 ? new Credits(random.NextInt64(1, 1_000_000_000)) : null }, Start, default);
    }

    private static SettledCall RandomCall(Random random, List<string> buckets, List<SettledCall> calls)
    {
        if (calls.Count > 0 && random.Next(10) == 0)
            return calls[random.Next(calls.Count)];

        var shares = buckets.Distinct().OrderBy(_ => random.Next()).Take(random.Next(3))
            .Select(bucket => new BucketShare(bucket, BucketKind.Credit, new Credits(random.NextInt64(1, 2_000_000_000)), Credits.Zero)).ToArray();
        var cost = new Credits(shares.Sum(static share => share.Amount.Nano));
        return Call("", 0) with
        {
            Outcome = cost == Credits.Zero ? Outcome.Failed : Outcome.Complete,
            Cost = cost,
            Shortfall = new Credits(random.Next(8) == 0 ? random.Next(1_000) : 0),
            PaidBy = shares,
            MemberId = random.Next(2) == 0 ? "mem_a" : null,
        };
    }

    private async Task AssertInvariantsAsync()
    {
        foreach (var (name, sql) in Violations)
            Assert.That(await ScalarAsync($"select count(*) from ({sql}) as violation"), Is.Zero, name);
    }

    private static readonly (string Name, string Sql)[] Violations =
    [
        ("I1 double entry closes", "select account from entry group by account, currency having sum(amount) <> 0"),
        ("I1 every reference closes", "select reference from entry group by reference, kind having sum(amount) <> 0"),
        ("I2 a balance is the sum of its entries", """
            select b.id from bucket b
            left join (select account, bucket, currency, sum(amount) as total, count(*) as entries from entry group by account, bucket, currency) e
              on e.account = b.account and e.bucket = b.id and e.currency = b.currency
            where b.posted <> coalesce(e.total, 0) or b.version <> coalesce(e.entries, 0)
            """),
        ("I3 never negative", "select id from bucket where kind in ('pack', 'credit', 'wallet') and (posted < 0 or posted <> credited - spent)"),
        ("I4 a receipt once", "select id from receipt group by id having count(*) > 1"),
        ("I4 a charge of a bucket once", "select reference from entry where bucket <> 'revenue' group by reference, kind, bucket having count(*) > 1"),
        ("I5 a charge is its entries", """
            select r.id from receipt r
            left join (select e.reference, sum(e.amount) as total from entry e
              join bucket b on b.account = e.account and b.id = e.bucket and b.currency = e.currency
              where e.kind = 'charge' and b.kind in ('pack', 'credit', 'wallet') group by e.reference) c
              on c.reference = 'ul_' || lower(hex(r.id))
            where r.cost <> -coalesce(c.total, 0)
            """),
        ("I6 a failed call is free", "select id from receipt where outcome in ('failed', 'empty', 'rejected', 'cached') and cost <> 0"),
        ("I9 versions have no gap", """
            select bucket from entry group by account, bucket, currency
            having count(*) <> max(version) - min(version) + 1 or min(version) <> 1
            """),
        ("I10 each entry continues the one before", """
            select id from (select id, previous, lag(new, 1, 0) over (partition by account, bucket, currency order by version) as before from entry) x
            where before <> previous
            """),
        ("key totals are the charges", """
            select 1 where (select coalesce(sum(spent), 0) from key_day)
              <> (select coalesce(sum(cost - refunded), 0) from receipt)
            """),
        ("member totals are the charges", """
            select 1 where (select coalesce(sum(spent), 0) from member_day)
              <> (select coalesce(sum(cost - refunded), 0) from receipt where member_id is not null)
            """),
        ("a refund is its postings, a void has none", """
            select r.id from receipt r
            left join (select receipt, sum(amount) as total from posting where receipt is not null group by receipt) p on p.receipt = r.id
            where r.refunded <> coalesce(p.total, 0) and not (r.refunded = r.cost and coalesce(p.total, 0) = 0)
            """),
    ];

    private async Task<string> TopUpAsync(long credits) => ((PostingResult.Posted)await Book.PostAsync(TopUp(credits), Start, default)).Bucket.Id;

    private async Task<Credits> BalanceAsync(string bucket) =>
        (await Book.LoadAccountAsync(Account, default)).Buckets.Single(found => found.Id == bucket).Posted;

    private static Credits Whole(long credits) => new(credits * Credits.NanoPerCredit);

    private static Posting TopUp(long credits) => new()
    {
        Account = Account,
        Workspace = "ws_default",
        Kind = BucketKind.Credit,
        Currency = "CREDIT",
        Amount = Whole(credits),
        Actor = "operator",
    };

    private static SettledCall Call(string bucket, long credits, long shortfall = 0) => new(
        ReceiptId.Create(Start),
        Account,
        "ws_default",
        "key_a",
        RunId: null,
        Start,
        Start.AddSeconds(1),
        Outcome.Complete,
        Whole(credits),
        Whole(shortfall),
        [new BucketShare(bucket, BucketKind.Credit, Whole(credits), Whole(7))],
        Encoding.UTF8.GetBytes($$"""{"cost":{{credits}},"currency":"CREDIT"}"""))
    {
        MemberId = "mem_a",
    };
}
