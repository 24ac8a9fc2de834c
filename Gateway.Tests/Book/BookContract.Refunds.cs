using System.Text.Json;
using Gateway.Ledger;
using NUnit.Framework;

namespace Gateway.Tests.Book;

/// <summary>What every book promises of refunds, adjustments, expiry and members.</summary>
internal abstract partial class BookContract
{
    private static DateOnly Today => DateOnly.FromDateTime(Start.UtcDateTime);

    [Test]
    public async Task A_refund_under_one_idempotency_key_is_made_once_and_raises_what_was_credited()
    {
        var bucket = await TopUpAsync(10);
        var call = await RecordAsync(Call(bucket, 3));
        var refund = Requested(call) with { IdempotencyKey = "once", Fingerprint = "f" };

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Book.RefundAsync(refund, Start, default)));

        var refunded = results.Cast<RefundResult.Refunded>().ToArray();
        Assert.That(refunded.Count(static result => !result.Replayed), Is.EqualTo(1));
        Assert.That(refunded.Select(static result => result.PostingId).Distinct().Count(), Is.EqualTo(1));
        foreach (var result in refunded)
        {
            Assert.That((result.Account, result.KeyId, result.MemberId, result.Admitted), Is.EqualTo((Account, "key_a", "mem_a", Today)));
            Assert.That((result.Amount, result.Buckets.Single().Credited, result.Buckets[0].Spent), Is.EqualTo((Whole(3), Whole(13), Whole(3))));
            Assert.That(result.Buckets[0].CreditVersion, Is.EqualTo(2));
        }

        Assert.That(await ScalarAsync("select count(*) from audit where kind = 'refund'"), Is.EqualTo(1));
        await AssertInvariantsAsync();
    }

    [Test]
    public async Task A_refund_key_that_was_used_for_something_else_is_refused()
    {
        var bucket = await TopUpAsync(10);
        var call = await RecordAsync(Call(bucket, 3));
        await Book.PostAsync(TopUp(1) with { IdempotencyKey = "top-up", Fingerprint = "f" }, Start, default);
        await Book.RefundAsync(Requested(call, 1) with { IdempotencyKey = "refund", Fingerprint = "f" }, Start, default);

        var asTopUp = await Book.RefundAsync(Requested(call, 1) with { IdempotencyKey = "top-up", Fingerprint = "f" }, Start, default);
        var another = await Book.RefundAsync(Requested(call, 2) with { IdempotencyKey = "refund", Fingerprint = "g" }, Start, default);

        Assert.That(asTopUp, Is.InstanceOf<RefundResult.KeyReused>());
        Assert.That(another, Is.InstanceOf<RefundResult.KeyReused>());
        Assert.That(await BalanceAsync(bucket), Is.EqualTo(Whole(9)));
    }

    [Test]
    public async Task Refunds_in_parts_never_exceed_the_charge()
    {
        var bucket = await TopUpAsync(10);
        var call = await RecordAsync(Call(bucket, 5));

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Book.RefundAsync(Requested(call, 2), Start, default)));

        Assert.That(results.Count(static result => result is RefundResult.Refunded), Is.EqualTo(2));
        Assert.That(results.Where(static result => result is not RefundResult.Refunded), Is.All.EqualTo(new RefundResult.TooMuch(Whole(1))));
        Assert.That(await BalanceAsync(bucket), Is.EqualTo(Whole(9)));
        Assert.That((await ReceiptAsync(call)).GetProperty("delivery").GetString(), Is.EqualTo("unconfirmed"));
        Assert.That(await Book.RefundAsync(Requested(call), Start, default), Is.InstanceOf<RefundResult.Refunded>());
        Assert.That(await Book.RefundAsync(Requested(call), Start, default), Is.EqualTo(new RefundResult.TooMuch(Credits.Zero)));
        Assert.That((await ReceiptAsync(call)).GetProperty("delivery").GetString(), Is.EqualTo("refunded"));
        await AssertInvariantsAsync();
    }

    [Test]
    public async Task A_refund_goes_back_to_the_last_payer_first()
    {
        var first = await TopUpAsync(10);
        var last = ((PostingResult.Posted)await Book.PostAsync(TopUp(10) with { Kind = BucketKind.Wallet }, Start, default)).Bucket.Id;
        var call = await RecordAsync(Call(first, 5) with
        {
            PaidBy = [new BucketShare(first, BucketKind.Credit, Whole(3), Whole(7)), new BucketShare(last, BucketKind.Wallet, Whole(2), Whole(8))],
        });

        var balances = new List<(Credits, Credits)>();
        foreach (var amount in (long[])[1, 2, 2])
        {
            await Book.RefundAsync(Requested(call, amount), Start, default);
            balances.Add((await BalanceAsync(first), await BalanceAsync(last)));
        }

        Assert.That(balances, Is.EqualTo(new[] { (Whole(7), Whole(9)), (Whole(8), Whole(10)), (Whole(10), Whole(10)) }));
        await AssertInvariantsAsync();
    }

    [Test]
    public async Task An_answer_that_never_left_is_refunded_once_with_what_the_house_paid()
    {
        var bucket = await TopUpAsync(10);
        var call = await RecordAsync(Call(bucket, 3, shortfall: 1));
        await Book.RefundAsync(Requested(call, 1), Start, default);
        var undelivered = new Refund { ReceiptId = call.ReceiptId, Reason = RefundReason.Undelivered, Actor = "gateway" };

        var once = (RefundResult.Refunded)await Book.RefundAsync(undelivered, Start, default);
        var twice = (RefundResult.Refunded)await Book.RefundAsync(undelivered, Start, default);

        Assert.That((once.Amount, once.Replayed, twice.Amount, twice.Replayed), Is.EqualTo((Whole(2), false, Whole(2), true)));
        Assert.That(await BalanceAsync(bucket), Is.EqualTo(Whole(10)));
        Assert.That(await ScalarAsync("select sum(posted) from bucket where kind in ('revenue', 'shortfall')"), Is.Zero);
        Assert.That((await ReceiptAsync(call)).GetProperty("delivery").GetString(), Is.EqualTo("refunded"));
        await AssertInvariantsAsync();
    }

    [Test]
    public async Task What_cannot_be_refunded_says_why_and_moves_nothing()
    {
        var bucket = await TopUpAsync(10);
        var call = await RecordAsync(Call(bucket, 3));
        var free = await RecordAsync(Call(bucket, 0) with { Outcome = Outcome.Failed, PaidBy = [] });
        var voided = await RecordAsync(Call(bucket, 2));
        await Book.VoidAsync(voided.ReceiptId, Start, default);
        var entries = await ScalarAsync("select count(*) from entry");

        Assert.That(await Book.RefundAsync(Requested(call, 4), Start, default), Is.EqualTo(new RefundResult.TooMuch(Whole(3))));
        Assert.That(await Book.RefundAsync(Requested(free), Start, default), Is.InstanceOf<RefundResult.NothingCharged>());
        Assert.That(await Book.RefundAsync(Requested(voided), Start, default), Is.EqualTo(new RefundResult.TooMuch(Credits.Zero)));
        Assert.That(await Book.RefundAsync(Requested(call) with { Workspace = "ws_other" }, Start, default), Is.InstanceOf<RefundResult.NotFound>());
        Assert.That(await Book.RefundAsync(Requested(call) with { ReceiptId = ReceiptId.Create(Start) }, Start, default), Is.InstanceOf<RefundResult.NotFound>());
        Assert.That(() => Book.RefundAsync(Requested(call) with { Amount = Credits.Zero }, Start, default), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(await ScalarAsync("select count(*) from entry"), Is.EqualTo(entries));
    }

    [Test]
    public async Task A_refund_does_not_take_a_bucket_beyond_its_limit()
    {
        var bucket = await TopUpAsync(10);
        var call = await RecordAsync(Call(bucket, 3));
        await Book.PostAsync(TopUp(1) with { Amount = Credits.MaxPerBucket - Whole(8) }, Start, default);

        Assert.That(await Book.RefundAsync(Requested(call, 2), Start, default), Is.EqualTo(new RefundResult.OverLimit(Credits.MaxPerBucket - Whole(1))));
        Assert.That(await Book.RefundAsync(Requested(call, 1), Start, default), Is.InstanceOf<RefundResult.Refunded>());
        await AssertInvariantsAsync();
    }

    [Test]
    public async Task A_receipt_shows_its_refunds_after_who_paid()
    {
        var call = await RecordAsync(Call(await TopUpAsync(10), 3));
        Assert.That((await ReceiptAsync(call)).TryGetProperty("refunds", out _), Is.False);

        var first = (RefundResult.Refunded)await Book.RefundAsync(Requested(call, 1), Start, default);
        await Book.RefundAsync(Requested(call), Start.AddSeconds(1), default);

        var receipt = await ReceiptAsync(call);
        Assert.That(receipt.GetProperty("refunds").GetRawText(), Does.StartWith(
            $$"""[{"amount":1,"at":"2026-11-21T12:00:00Z","reason":"requested","posting":"{{first.PostingId}}"},{"amount":2,"at":"2026-11-21T12:00:01Z","""));
        Assert.That(receipt.EnumerateObject().Select(static field => field.Name).ToArray()[^4..], Is.EqualTo(new[] { "paidBy", "refunds", "block", "signature" }));
    }

    [Test]
    public async Task Keys_and_members_have_spent_what_was_charged_less_refunds()
    {
        var bucket = await TopUpAsync(10);
        var call = await RecordAsync(Call(bucket, 3));
        var voided = await RecordAsync(Call(bucket, 2));
        await RecordAsync(Call(bucket, 1) with { MemberId = null });
        await Book.RefundAsync(Requested(call, 1), Start.AddDays(1), default);
        await Book.VoidAsync(voided.ReceiptId, Start, default);

        Assert.That(await Book.LoadKeySpentAsync("key_a", Today, default), Is.EqualTo(Whole(3)));
        Assert.That(await Book.LoadMemberSpentAsync("mem_a", Today, default), Is.EqualTo(Whole(2)));
        Assert.That(await Book.LoadMemberSpentAsync("mem_a", Today.AddDays(1), default), Is.EqualTo(Credits.Zero));
        Assert.That(await Book.LoadMemberSpentAsync("mem_b", Today, default), Is.EqualTo(Credits.Zero));
    }

    [Test]
    public async Task An_adjustment_corrects_a_bucket_both_ways_and_is_made_once()
    {
        var bucket = await TopUpAsync(10);
        var down = Adjustment(bucket, -4) with { IdempotencyKey = "once", Fingerprint = "f" };

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Book.PostAsync(down, Start, default)));
        await Book.PostAsync(Adjustment(bucket, 1), Start, default);

        Assert.That(results.Cast<PostingResult.Posted>().Count(static result => !result.Replayed), Is.EqualTo(1));
        Assert.That(await BalanceAsync(bucket), Is.EqualTo(Whole(7)));
        Assert.That(await ScalarAsync("select posted from bucket where kind = 'adjustment'"), Is.EqualTo(Whole(3).Nano));
        Assert.That(await ScalarAsync("select count(*) from audit where kind = 'adjustment'"), Is.EqualTo(2));
        await AssertInvariantsAsync();
    }

    [Test]
    public async Task An_adjustment_leaves_a_bucket_between_zero_and_its_limit()
    {
        var bucket = await TopUpAsync(10);

        Assert.That(await Book.PostAsync(Adjustment(bucket, 0) with { Amount = new Credits(-Whole(10).Nano - 1) }, Start, default), Is.EqualTo(new PostingResult.TooLow(Whole(10))));
        Assert.That(await Book.PostAsync(Adjustment(bucket, 0) with { Amount = Credits.MaxPerBucket }, Start, default), Is.EqualTo(new PostingResult.OverLimit(Whole(10))));
        Assert.That(await Book.PostAsync(Adjustment(bucket, -10), Start, default), Is.InstanceOf<PostingResult.Posted>());
        Assert.That(await BalanceAsync(bucket), Is.EqualTo(Credits.Zero));
        await AssertInvariantsAsync();
    }

    [TestCase("bkt_unknown")]
    [TestCase("external")]
    [TestCase(null)]
    public async Task Only_a_customers_bucket_is_adjusted(string? bucket)
    {
        await TopUpAsync(10);

        Assert.That(await Book.PostAsync(Adjustment("", 1) with { Bucket = bucket }, Start, default), Is.InstanceOf<PostingResult.NoBucket>());
        Assert.That(() => Book.PostAsync(TopUp(-1), Start, default), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public async Task What_is_left_in_a_pack_that_ended_is_taken_out_once()
    {
        var pack = TopUp(5) with { Kind = BucketKind.Pack, Provider = "demo", Model = "echo" };
        var ended = ((PostingResult.Posted)await Book.PostAsync(pack with { ExpiresAt = Start.AddDays(1) }, Start, default)).Bucket.Id;
        var runs = ((PostingResult.Posted)await Book.PostAsync(pack with { ExpiresAt = Start.AddDays(2) }, Start, default)).Bucket.Id;
        var forever = ((PostingResult.Posted)await Book.PostAsync(pack, Start, default)).Bucket.Id;
        var call = await RecordAsync(Call(ended, 2));
        var after = Start.AddDays(1).AddTicks(TimeSpan.TicksPerMicrosecond);

        var at = await Book.ExpireAsync(Start.AddDays(1), 10, after, default);
        var past = (await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Book.ExpireAsync(after, 10, after, default)))).SelectMany(static packs => packs).ToArray();

        Assert.That(at, Is.Empty);
        Assert.That((past.Length, past[0].Account, past[0].Bucket.Id), Is.EqualTo((1, Account, ended)));
        Assert.That((past[0].Bucket.Posted, past[0].Bucket.Credited, past[0].Bucket.CreditVersion), Is.EqualTo((Credits.Zero, Whole(2), 2L)));
        Assert.That((await BalanceAsync(ended), await BalanceAsync(runs), await BalanceAsync(forever)), Is.EqualTo((Credits.Zero, Whole(5), Whole(5))));
        Assert.That(await ScalarAsync("select posted from bucket where kind = 'expired'"), Is.EqualTo(Whole(3).Nano));
        Assert.That(await ScalarAsync("select count(*) from audit where kind = 'expiry' and workspace = 'ws_one'"), Is.EqualTo(1));

        await Book.RefundAsync(Requested(call), after, default);
        Assert.That(await Book.ExpireAsync(after, 10, after, default), Has.Count.EqualTo(1));
        await AssertInvariantsAsync();
    }

    [Test]
    public async Task No_more_packs_are_ended_at_once_than_was_asked()
    {
        var pack = TopUp(5) with { Kind = BucketKind.Pack, Provider = "demo", Model = "echo", ExpiresAt = Start };
        foreach (var _ in (int[])[1, 2, 3])
            await Book.PostAsync(pack, Start, default);

        var batches = new List<int>();
        foreach (var _ in (int[])[1, 2, 3])
            batches.Add((await Book.ExpireAsync(Start.AddDays(1), 2, Start.AddDays(1), default)).Count);

        Assert.That(batches, Is.EqualTo(new[] { 2, 1, 0 }));
        await AssertInvariantsAsync();
    }

    [Test]
    public async Task Everything_at_once_keeps_the_invariants()
    {
        var buckets = new[] { await TopUpAsync(1000), ((PostingResult.Posted)await Book.PostAsync(TopUp(1000) with { Kind = BucketKind.Wallet }, Start, default)).Bucket.Id };
        var calls = Enumerable.Range(0, 40).Select(i => Call(buckets[i % 2], 1, i % 3)).ToArray();
        var pack = TopUp(5) with { Kind = BucketKind.Pack, Provider = "demo", Model = "echo", ExpiresAt = Start };
        await Book.RecordAsync(calls[..20], default);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; i < 20; i++)
            {
                await Book.RefundAsync(Requested(calls[i]) with { Amount = new Credits(100_000_000) }, Start, default);
                if (worker % 4 == 0)
                    await Book.RecordAsync(calls[(i / 2)..(i + 20)], default);
                else if (worker % 4 == 1)
                    await Book.VoidAsync(calls[i].ReceiptId, Start, default);
                else if (worker % 4 == 2)
                    await Book.PostAsync(i % 2 == 0 ? pack : Adjustment(buckets[i % 4 / 2], 1), Start, default);
                else
                    await Book.ExpireAsync(Start.AddDays(1), 3, Start, default);
            }
        })));

        while ((await Book.ExpireAsync(Start.AddDays(1), 3, Start, default)).Count > 0)
            continue;
        Assert.That(await ScalarAsync("select posted from bucket where kind = 'expired'"), Is.EqualTo(Whole(100).Nano));
        Assert.That(await ScalarAsync("select count(*) from posting where kind = 'refund'"), Is.Positive);
        await AssertInvariantsAsync();
    }

    private async Task<SettledCall> RecordAsync(SettledCall call)
    {
        await Book.RecordAsync([call], default);
        return call;
    }

    private async Task<JsonElement> ReceiptAsync(SettledCall call)
    {
        using var receipt = JsonDocument.Parse((await Book.FindReceiptAsync(call.ReceiptId, null, null, default))!.Value);
        return receipt.RootElement.Clone();
    }

    private static Refund Requested(SettledCall call, long? credits = null) => new()
    {
        ReceiptId = call.ReceiptId,
        Amount = credits is { } amount ? Whole(amount) : null,
        Reason = RefundReason.Requested,
        Actor = "operator",
    };

    private static Posting Adjustment(string bucket, long credits) =>
        TopUp(credits) with { Reason = PostingReason.Adjustment, Bucket = bucket, Note = "a correction" };
}
