using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Tests.Fakes;
using NUnit.Framework;

namespace Gateway.Tests.Book;

/// <summary>What every store of answers promises.</summary>
internal abstract class CallStoreContract
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);

    protected ManualTimeProvider Time { get; private set; } = null!; // Set before each test.

    private protected ICallStore Store { get; private set; } = null!; // Set before each test.

    private protected abstract Task<ICallStore> OpenStoreAsync();

    private protected abstract Task CloseStoreAsync();

    [SetUp]
    public async Task OpenAsync()
    {
        Time = new ManualTimeProvider(new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero));
        Store = await OpenStoreAsync();
    }

    [TearDown]
    public Task CloseAsync() => CloseStoreAsync();

    [Test]
    public async Task Of_fifty_parallel_calls_with_one_key_one_begins()
    {
        var starts = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => BeginAsync())));

        Assert.That(starts.Count(static start => start is CallStart.Begun), Is.EqualTo(1));
        Assert.That(starts.Count(static start => start is CallStart.InProgress), Is.EqualTo(49));
    }

    [Test]
    public async Task A_done_call_gives_its_answer_to_the_same_request_and_refuses_another()
    {
        var answer = Answer();
        await Store.CompleteAsync(await TakeAsync(), answer, default);

        var again = (CallStart.Done)await BeginAsync();

        Assert.That(again.Answer.Body, Is.EqualTo(answer.Body));
        Assert.That((again.Answer.ReceiptId, again.Answer.Status, again.Answer.ContentType), Is.EqualTo((answer.ReceiptId, 200, "application/json")));
        Assert.That(again.Answer.Headers, Is.EqualTo(answer.Headers));
        Assert.That(await BeginAsync(fingerprint: "other"), Is.InstanceOf<CallStart.KeyReused>());
    }

    [Test]
    public async Task Accounts_do_not_share_keys()
    {
        await TakeAsync();

        Assert.That(await BeginAsync(account: "acc_2"), Is.InstanceOf<CallStart.Begun>());
    }

    [Test]
    public async Task A_released_key_is_free_for_any_request()
    {
        await Store.ReleaseAsync(await TakeAsync(), default);

        Assert.That(await BeginAsync(fingerprint: "other"), Is.InstanceOf<CallStart.Begun>());
    }

    [Test]
    public async Task A_key_whose_gateway_died_is_free_when_the_lease_is_over_and_the_dead_cannot_answer_for_it()
    {
        var dead = await TakeAsync();
        Time.Advance(Lease - TimeSpan.FromSeconds(1));
        Assert.That(await BeginAsync(), Is.InstanceOf<CallStart.InProgress>());
        Time.Advance(TimeSpan.FromSeconds(1));

        Assert.That(await BeginAsync(), Is.InstanceOf<CallStart.Begun>());
        Assert.That(await Store.RenewAsync(dead, Lease, default), Is.False);
        Assert.That(await Store.CompleteAsync(dead, Answer(), default), Is.False);
        await Store.ReleaseAsync(dead, default);
        Assert.That(await BeginAsync(), Is.InstanceOf<CallStart.InProgress>());
    }

    [Test]
    public async Task A_renewed_lease_keeps_its_key()
    {
        var lease = await TakeAsync();
        Time.Advance(Lease - TimeSpan.FromSeconds(1));

        Assert.That(await Store.RenewAsync(lease, Lease, default), Is.True);
        Time.Advance(Lease - TimeSpan.FromSeconds(1));
        Assert.That(await BeginAsync(), Is.InstanceOf<CallStart.InProgress>());
    }

    [Test]
    public async Task An_answer_is_kept_for_a_day_and_then_removed()
    {
        var answer = Answer();
        await Store.CompleteAsync(await TakeAsync(), answer, default);
        Time.Advance(StoredAnswer.Kept - TimeSpan.FromSeconds(1));
        Assert.That(await Store.FetchAsync(answer.ReceiptId, "key_1", default), Is.Not.Null);
        Assert.That(await Store.ExpireAnswersAsync(default), Is.Zero);
        Time.Advance(TimeSpan.FromSeconds(1));

        Assert.That(await Store.FetchAsync(answer.ReceiptId, "key_1", default), Is.Null);
        Assert.That(await BeginAsync(fingerprint: "other"), Is.InstanceOf<CallStart.Begun>());
        Time.Advance(StoredAnswer.Kept);
        Assert.That(await Store.ExpireAnswersAsync(default), Is.EqualTo(1));
    }

    [Test]
    public async Task Only_the_key_that_called_fetches_an_answer_by_its_receipt()
    {
        var answer = Answer();
        await Store.KeepAsync("acc_1", "key_1", "print", answer, default);

        Assert.That(await Store.FetchAsync(answer.ReceiptId, "key_2", default), Is.Null);
        Assert.That((await Store.FetchAsync(answer.ReceiptId, "key_1", default))?.Body, Is.EqualTo(answer.Body));
        Assert.That(await Store.FetchAsync(ReceiptId.Create(Time.GetUtcNow()), "key_1", default), Is.Null);
    }

    [Test]
    public async Task An_undelivered_answer_is_found_by_its_request_and_key_since_a_moment()
    {
        await Store.KeepAsync("acc_1", "key_1", "print", Answer(), default);
        var kept = Time.GetUtcNow();

        Assert.That(await Store.FetchUndeliveredAsync("key_1", "print", kept, default), Is.Not.Null);
        Assert.That(await Store.FetchUndeliveredAsync("key_1", "print", kept + TimeSpan.FromSeconds(1), default), Is.Null);
        Assert.That(await Store.FetchUndeliveredAsync("key_1", "other", kept, default), Is.Null);
        Assert.That(await Store.FetchUndeliveredAsync("key_2", "print", kept, default), Is.Null);
    }

    [Test]
    public async Task A_fetched_answer_is_not_refunded_and_one_that_nobody_fetches_is_when_it_is_over()
    {
        var (fetched, waiting, unknown) = (Answer(), Answer(), ReceiptId.Create(Time.GetUtcNow()));
        await Store.KeepAsync("acc_1", "key_1", "a", fetched, default);
        await Store.KeepAsync("acc_1", "key_1", "b", waiting, default);
        await Store.FetchAsync(fetched.ReceiptId, "key_1", default);

        Assert.That(await Store.DeferRefundAsync(fetched.ReceiptId, default), Is.True);
        Assert.That(await Store.DeferRefundAsync(waiting.ReceiptId, default), Is.True);
        Assert.That(await Store.DeferRefundAsync(unknown, default), Is.False);
        Assert.That(await Store.DueRefundsAsync(default), Is.Empty);

        Time.Advance(StoredAnswer.Kept);
        Assert.That(await Store.ExpireAnswersAsync(default), Is.EqualTo(1), "the fetched one");
        Assert.That(await Store.DueRefundsAsync(default), Is.EqualTo(new[] { waiting.ReceiptId }));
        await Store.RefundedAsync(waiting.ReceiptId, default);
        Assert.That(await Store.DueRefundsAsync(default), Is.Empty);
    }

    [Test]
    public async Task An_answer_without_its_body_can_be_refunded()
    {
        var answer = Answer() with { Body = null };
        await Store.CompleteAsync(await TakeAsync(), answer, default);

        Assert.That(((CallStart.Done)await BeginAsync()).Answer.Body, Is.Null);
        Assert.That(await Store.DeferRefundAsync(answer.ReceiptId, default), Is.False);
    }

    private Task<CallStart> BeginAsync(string account = "acc_1", string fingerprint = "print") =>
        Store.BeginAsync(new CallKey(account, "key_1", "once", fingerprint), Lease, default);

    private async Task<CallLease> TakeAsync() => ((CallStart.Begun)await BeginAsync()).Lease;

    private StoredAnswer Answer() => new()
    {
        ReceiptId = ReceiptId.Create(Time.GetUtcNow()),
        Status = 200,
        ContentType = "application/json",
        Headers = new Dictionary<string, string> { ["x-gateway-cost"] = "0.1" },
        Body = [1, 2, 3],
    };
}

internal sealed class SqliteCallStoreTests : CallStoreContract
{
    private SqliteFile file = null!; // Set before each test.

    private protected override async Task<ICallStore> OpenStoreAsync() => (file = await SqliteFile.OpenAsync(Time)).Book;

    private protected override async Task CloseStoreAsync() => await file.DisposeAsync();
}
