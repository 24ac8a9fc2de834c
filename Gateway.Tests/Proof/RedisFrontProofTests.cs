using Gateway.Ledger.Front;
using Gateway.Ledger.Front.Redis;
using Gateway.Tests.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Gateway.Tests.Proof;

[TestFixture]
internal sealed class RedisFrontProofTests : FrontProofContract
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);
    private RedisServer redis = null!;
    private RedisServers servers = null!;

    private protected override string Kind => "redis";

    private protected override RedisServers? Servers => servers;

    private protected override string[] Settings => ["--ConnectionStrings:Redis", redis.ConnectionString];

    private static RedisShard Shard => RedisShard.Of(Account);

    [OneTimeSetUp]
    public async Task ConnectAsync()
    {
        redis = await RedisServer.SharedAsync();
        servers = await RedisServers.ConnectAsync(redis.ConnectionString, NullLogger.Instance, default);
    }

    [OneTimeTearDown]
    public async Task DisconnectAsync()
    {
        if (servers is not null)
            await servers.DisposeAsync();
    }

    [Test]
    public async Task A_lease_that_was_removed_is_found_and_named()
    {
        var hold = await WriteAsync();
        await redis.CliAsync("zrem", (string)Shard.Leases!, hold.ReceiptId.ToString());

        var found = (await Comparison.CompareAsync(default)).Differences;

        Assert.That(found, Has.One.EqualTo($"L3: the call {hold.ReceiptId} of {Account} is live in the front and has no lease"));
        Assert.That(found, Has.One.StartsWith($"L2: bucket {Bucket}"), "no live lease holds it any more");
    }

    [Test]
    public async Task A_hold_that_was_removed_leaves_a_lease_that_is_found()
    {
        var hold = await WriteAsync();
        await redis.CliAsync("del", (string)Shard.Hold(hold.ReceiptId)!);

        Assert.That((await Comparison.CompareAsync(default)).Differences, Has.One.EqualTo($"L3: the call {hold.ReceiptId} has a lease in the front and no live hold"));
    }

    [Test]
    public async Task An_amount_that_is_no_number_is_found_and_named()
    {
        await WriteAsync();
        await redis.CliAsync("hset", (string)Shard.Account(Account)!, "h:" + Bucket, "many");

        Assert.That((await Comparison.CompareAsync(default)).Differences, Has.One.Contains("has no amounts in the front").And.One.Contains("held 'many'"));
    }

    [Test]
    public async Task A_bucket_that_was_removed_is_found_and_named()
    {
        await WriteAsync();
        await redis.CliAsync("hset", (string)Shard.Account(Account)!, "o", "bkt_made_up");

        Assert.That((await Comparison.CompareAsync(default)).Differences, Has.One.Contains("bucket bkt_made_up"));
    }

    [Test]
    public async Task More_in_flight_than_one_step_looks_at_is_said_and_no_difference()
    {
        await WriteAsync();
        await redis.CliAsync("eval", "for i = 1, 5001 do redis.call('ZADD', KEYS[1], i, i) end", "1", (string)Shard.Leases!);

        Assert.That(async () => await Comparison.CompareAsync(default), Throws.InstanceOf<FrontUnavailableException>().With.Message.Contains("up to 5000"));
    }

    [Test]
    public async Task The_command_without_redis_says_what_it_lacks()
    {
        var folder = Directory.CreateTempSubdirectory("gateway-proof-");
        var nothing = await GatewayCommand.RunAsync(
            folder.FullName, ["verify-ledger", "--front", "--ConnectionStrings:Ledger", Connection], null, ("Gateway__MasterKey", Convert.ToBase64String(new byte[32])));
        folder.Delete(recursive: true);

        Assert.That((nothing.ExitCode, nothing.Errors), Is.EqualTo((2, "The ledger cannot be checked. ConnectionStrings__Redis: not set, and epoch 1 of the book has its front in Redis.\n")));
    }

    private protected override async Task<ISharedFront> FrontAsync()
    {
        await redis.FlushAsync();
        return new RedisFront(servers, Book, "gw_one", Lease, clock: null);
    }

    private protected override Task EditAsync(string field, long add) =>
        redis.CliAsync("hincrby", (string)Shard.Account(Account)!, $"{field[0]}:{Bucket}", $"{add}");
}
