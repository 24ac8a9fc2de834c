using System.Text;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using NUnit.Framework;

namespace Gateway.Tests.Book;

/// <summary>What every book says of a run.</summary>
internal abstract class RunBookContract
{
    private static readonly DateTimeOffset Start = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    private protected IBook Book { get; private set; } = null!; // Set before each test.

    private protected abstract Task<IBook> OpenBookAsync();

    private protected abstract Task CloseBookAsync();

    [SetUp]
    public async Task OpenAsync() => Book = await OpenBookAsync();

    [TearDown]
    public Task CloseAsync() => CloseBookAsync();

    [Test]
    public async Task A_run_is_summed_by_outcome_and_seen_by_its_own_key_and_workspace()
    {
        var calls = new[] { Call(0, Outcome.Complete, "key_1"), Call(1, Outcome.Complete, "key_1"), Call(2, Outcome.Failed, "key_2") };
        await Book.RecordAsync(calls, default);

        var all = await RunAsync(null, null);
        var own = await RunAsync("ws_1", "key_1");

        Assert.That(all.Parts.Select(static part => (part.Outcome, part.Calls, part.Usage.InputTokens, part.Usage.OutputTokens)), Is.EqualTo(new[] { ("complete", 2L, 10L, 6L), ("failed", 1L, 5L, 3L) }));
        Assert.That(all.Receipts, Is.EqualTo(calls.Reverse().Select(static call => call.ReceiptId)));
        Assert.That(all.Models, Is.EqualTo(new[] { "openai/gpt" }));
        Assert.That((own.Parts.Single().StartedAt, own.Parts.Single().EndedAt), Is.EqualTo((Start, Start.AddSeconds(2))));
        Assert.That((await RunAsync("ws_2", null)).Parts, Is.Empty);
    }

    [Test]
    public async Task Known_calls_are_left_out_and_receipts_go_on_behind_the_cursor()
    {
        var calls = Enumerable.Range(0, 4).Select(static i => Call(i, Outcome.Complete, "key_1")).ToArray();
        await Book.RecordAsync(calls, default);

        var run = await ((IRunBook)Book).ListRunAsync(new RunQuery("run", null, null), [calls[0].ReceiptId], calls[3].ReceiptId, default);

        Assert.That(run.Parts.Single().Calls, Is.EqualTo(3));
        Assert.That(run.Receipts, Is.EqualTo(new[] { calls[2].ReceiptId, calls[1].ReceiptId }));
    }

    [Test]
    public async Task Images_sound_and_characters_are_summed_where_there_are_any()
    {
        var heard = Call(0, Outcome.Complete, "key_1", ""","images":2,"audioSeconds":61.043,"characters":11""");
        await Book.RecordAsync([heard, Call(1, Outcome.Complete, "key_1", ""","audioSeconds":0.001"""), Call(2, Outcome.Complete, "key_1")], default);

        var part = (await RunAsync(null, null)).Parts.Single();
        var usage = part.Usage;

        Assert.That((usage.InputTokens, usage.Images, usage.AudioMilliseconds, usage.Characters), Is.EqualTo((15L, 2L, 61_044L, 11L)));
        Assert.That((part.Calls, part.Attempts, part.Fallbacks), Is.EqualTo((3L, 6L, 3L)));
    }

    private static SettledCall Call(int second, Outcome outcome, string key, string more = "")
    {
        var at = Start.AddSeconds(second);
        return new SettledCall(
            ReceiptId.Create(at), "acc_1", "ws_1", key, "run", at, at.AddSeconds(1), outcome, Credits.Zero, Credits.Zero, [],
            Encoding.UTF8.GetBytes("""{"routedModel":"openai/gpt","currency":"CREDIT","usage":{"inputTokens":5,"cachedInputTokens":1,"cacheWriteTokens":0,"outputTokens":3,"reasoningTokens":2""" + more + """},"attempts":[{},{}],"fallbackUsed":true}"""));
    }

    private Task<Run> RunAsync(string? workspace, string? key) => ((IRunBook)Book).ListRunAsync(new RunQuery("run", workspace, key), [], before: null, default);
}

internal sealed class SqliteRunBookTests : RunBookContract
{
    private SqliteFile file = null!; // Set before each test.

    private protected override async Task<IBook> OpenBookAsync() => (file = await SqliteFile.OpenAsync()).Book;

    private protected override async Task CloseBookAsync() => await file.DisposeAsync();
}

internal sealed class PostgresRunBookTests : RunBookContract
{
    private PostgresDatabase database = null!; // Set before each test.

    private protected override async Task<IBook> OpenBookAsync() => (database = await PostgresDatabase.OpenAsync()).Book;

    // No database: the test was skipped before there was one.
    private protected override async Task CloseBookAsync()
    {
        if (database is not null)
            await database.DisposeAsync();
    }
}
