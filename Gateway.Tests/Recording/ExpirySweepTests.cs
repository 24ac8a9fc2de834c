using Gateway.Ledger;
using Gateway.Ledger.Front.InProcess;
using Gateway.Ledger.Recording;
using Gateway.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Gateway.Tests.Recording;

[TestFixture]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ExpirySweepTests
{
    private readonly ManualTimeProvider time = new(Calls.Start);
    private readonly MemoryBook book = new();

    [Test]
    public async Task A_pack_is_emptied_a_day_after_its_end_and_the_front_knows()
    {
        book.Add(Calls.Account, Calls.Pack("pk_1", 100, expires: Calls.Start));
        var front = new InProcessFront(book, time, TimeSpan.FromSeconds(60));
        await front.BalanceAsync(Calls.Account, default);
        var sweep = new ExpirySweep(book, front, time, NullLogger.Instance);

        time.Advance(TimeSpan.FromHours(24));
        var early = await sweep.SweepAsync(default);
        time.Advance(TimeSpan.FromSeconds(1));
        var due = await sweep.SweepAsync(default);

        Assert.That((early, due, await sweep.SweepAsync(default)), Is.EqualTo((0, 1, 0)));
        Assert.That((await front.BalanceAsync(Calls.Account, default)).Buckets.Single().Posted, Is.EqualTo(Credits.Zero));
    }

    [TestCase(ExpirySweep.BatchSize)]
    [TestCase(ExpirySweep.BatchSize + 1)]
    public async Task All_packs_are_swept_however_many_there_are(int packs)
    {
        for (var i = 0; i < packs; i++)
            book.Add($"acc_{packs}", Calls.Pack($"pk_{i}", 100, expires: Calls.Start - TimeSpan.FromDays(2)));
        var sweep = new ExpirySweep(book, new InProcessFront(book, time, TimeSpan.FromSeconds(60)), time, NullLogger.Instance);

        Assert.That(await sweep.SweepAsync(default), Is.EqualTo(packs));
    }

    [Test]
    public async Task A_book_that_is_away_does_not_end_the_sweep()
    {
        book.Add(Calls.Account, Calls.Pack("pk_1", 100, expires: Calls.Start - TimeSpan.FromDays(2)));
        book.Down = true;
        using var stop = new CancellationTokenSource();
        var running = new ExpirySweep(book, new InProcessFront(book, time, TimeSpan.FromSeconds(60)), time, NullLogger.Instance).RunAsync(stop.Token);

        Assert.That(running.IsCompleted, Is.False);
        await stop.CancelAsync();
        Assert.That(async () => await running, Throws.InstanceOf<OperationCanceledException>());
    }
}
