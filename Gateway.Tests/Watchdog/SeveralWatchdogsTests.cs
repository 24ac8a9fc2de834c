using System.Diagnostics;
using Gateway.Tests.Book;
using Gateway.Tests.Fakes;
using Gateway.Transforms.Compression;
using NUnit.Framework;

namespace Gateway.Tests.Watchdog;

/// <summary>Two gateways on one PostgreSQL.</summary>
internal sealed class SeveralWatchdogsTests
{
    [Test]
    public async Task A_pause_and_a_resume_at_one_gateway_are_obeyed_by_the_other_within_a_second()
    {
        await using var database = await PostgresDatabase.OpenAsync();
        await using var book = database.NewBook();
        await book.OpenAsync(default);
        var ledger = new PostingLedger();
        await using var one = await WatchdogGateway.StartAsync(database.Book, ledger, watch: true);
        await using var other = await WatchdogGateway.StartAsync(book, ledger, watch: true);

        var unit = 1UL;
        await one.ScoreAsync(ledger, buckets: 10, rightOfTen: 4);
        var paused = await WaitAsync(() => other.Advise(unit++).Arm == Arm.Paused);
        var id = (await other.SendAsync("GET", "/api/evals/watchdog")).Body["data"]![0]!["id"]!.GetValue<string>();
        await other.SendAsync("POST", $"/api/evals/watchdog/{id}/resume");
        var resumed = await WaitAsync(() => one.Advise(unit++).Arm is Arm.Treated or Arm.Control);

        Assert.That(paused, Is.LessThan(TimeSpan.FromSeconds(1)));
        Assert.That(resumed, Is.LessThan(TimeSpan.FromSeconds(1)));
    }

    private static async Task<TimeSpan> WaitAsync(Func<bool> seen)
    {
        var started = Stopwatch.GetTimestamp();
        while (!seen() && Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10))
            await Task.Delay(10);
        return Stopwatch.GetElapsedTime(started);
    }
}
