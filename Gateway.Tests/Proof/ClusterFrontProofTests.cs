using Gateway.Ledger;
using Gateway.Ledger.Book.Postgres;
using Gateway.Ledger.Front.Redis;
using Gateway.Ledger.Proof;
using Gateway.Tests.Fakes;
using Gateway.Tests.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Gateway.Tests.Proof;

/// <summary>The comparison finds its accounts on every master of a cluster.</summary>
internal sealed class ClusterFrontProofTests
{
    private const int Accounts = 40;

    [Test]
    public async Task Accounts_of_every_master_are_compared()
    {
        var connection = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        var nodes = await RedisServer.StartClusterAsync();
        try
        {
            await using var servers = await RedisServers.ConnectAsync(string.Join(',', nodes.Select(static node => node.ConnectionString)), NullLogger.Instance, default);
            await using var book = new PostgresBook(connection, TimeProvider.System, NullLogger.Instance, "gw_one", keys: null);
            await book.OpenAsync(default);
            await (await PostgresServer.SharedAsync()).ExecuteAsync("update front_state set front = 'redis'", connection);
            var front = new RedisFront(servers, book, "gw_one", TimeSpan.FromSeconds(60), clock: null);
            await front.OpenEpochAsync(1, default);
            front.UseEpoch(1);
            var holds = new List<Hold>();
            for (var i = 0; i < Accounts; i++)
            {
                var account = $"acc_{i}";
                await new ProofHistory(book).TopUpAsync(1, account);
                holds.Add(((HoldResult.Held)await front.HoldAsync(Calls.Request(10) with { Account = account }, default)).Hold);
            }

            await using var comparison = new FrontComparison(book.Source, servers, TimeProvider.System);
            var untouched = await comparison.CompareAsync(default);
            foreach (var hold in holds)
                await servers.Database.SortedSetRemoveAsync(RedisShard.Of(hold.Request.Account).Leases, hold.ReceiptId.ToString());
            var touched = await comparison.CompareAsync(default);

            Assert.That((untouched.Examined, untouched.Differences.Count), Is.EqualTo((Accounts, 0)));
            foreach (var hold in holds)
                Assert.That(touched.Differences, Has.One.EqualTo($"L3: the call {hold.ReceiptId} of {hold.Request.Account} is live in the front and has no lease"));
        }
        finally
        {
            foreach (var node in nodes)
                await node.DisposeAsync();
        }
    }
}
