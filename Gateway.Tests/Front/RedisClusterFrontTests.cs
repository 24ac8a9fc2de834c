using Gateway.Ledger.Front;
using Gateway.Ledger.Front.Redis;
using Gateway.Tests.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Gateway.Tests.Front;

[TestFixture]
public sealed class RedisClusterFrontTests : SharedFrontContract
{
    private RedisServer[] nodes = [];
    private RedisServers servers = null!;

    private protected override int Histories => 3;

    [OneTimeSetUp]
    public async Task ConnectAsync()
    {
        nodes = await RedisServer.StartClusterAsync();
        servers = await RedisServers.ConnectAsync(string.Join(',', nodes.Select(node => node.ConnectionString)), NullLogger.Instance, default);
    }

    [OneTimeTearDown]
    public async Task DisconnectAsync()
    {
        if (servers is not null)
            await servers.DisposeAsync();
        foreach (var node in nodes)
            await node.DisposeAsync();
    }

    [Test]
    public async Task Its_life_names_every_master()
    {
        var life = (await Shared.ProbeAsync(default)).Life;

        Assert.That(life.Split('+').Distinct().Count(), Is.EqualTo(3));
    }

    private protected override async ValueTask WipeAsync()
    {
        foreach (var node in nodes)
            await node.FlushAsync();
    }

    private protected override ValueTask<ISharedFront> CreateAsync(string gateway) =>
        ValueTask.FromResult<ISharedFront>(new RedisFront(servers, Book, gateway, Lease, Time));
}
