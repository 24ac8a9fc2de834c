using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Tests.Servers;
using NUnit.Framework;

namespace Gateway.Tests.Book;

internal sealed class PostgresCrashTests
{
    private const int BatchSize = 200;
    private static readonly DateTimeOffset Start = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    [Test]
    public async Task A_batch_that_the_servers_death_interrupted_is_recorded_once_when_it_comes_again()
    {
        await using var server = await PostgresServer.StartAsync();
        await using var database = await PostgresDatabase.OpenAsync(server);
        var posting = new Posting
        {
            Account = "acc_one", Workspace = "ws_default", Kind = BucketKind.Credit, Currency = "CREDIT", Amount = new Credits(1_000_000), Actor = "operator",
        };
        var bucket = ((PostingResult.Posted)await database.Book.PostAsync(posting, Start, default)).Bucket.Id;
        var batches = new List<SettledCall[]>();

        for (var kill = 0; kill < 3; kill++)
        {
            var recording = RecordUntilItFailsAsync(database.Book, bucket, batches);
            await Task.Delay(Random.Shared.Next(50, 250), CancellationToken.None);
            await server.KillAsync();
            var failure = await recording;
            Assert.That(BookFailure.Is(failure), Is.True, failure.ToString());
            await server.RestartAsync();
            await database.Book.RecordAsync(batches[^1], default);
        }

        foreach (var batch in batches)
            Assert.That(await database.Book.RecordAsync(batch, default), Is.Zero);
        var calls = batches.Count * BatchSize;
        Assert.That(await database.ScalarAsync("select count(*) from receipt"), Is.EqualTo(calls));
        Assert.That(await database.ScalarAsync("select spent from bucket where kind = 'credit'"), Is.EqualTo(calls));
        Assert.That(await database.ScalarAsync("select posted from bucket where kind = 'revenue'"), Is.EqualTo(calls));
        Assert.That(await database.ScalarAsync("select sum(spent) from key_day"), Is.EqualTo(calls));
    }

    private static async Task<Exception> RecordUntilItFailsAsync(IBook book, string bucket, List<SettledCall[]> batches)
    {
        while (true)
        {
            batches.Add([.. Enumerable.Range(0, BatchSize).Select(_ => PostgresCalls.Call("acc_one", bucket, new Credits(1), Start))]);
            try
            {
                await book.RecordAsync(batches[^1], default);
            }
            catch (Exception failure) when (BookFailure.Is(failure))
            {
                return failure;
            }
        }
    }
}
