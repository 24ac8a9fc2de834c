using Gateway.Ledger.Front;
using Gateway.Ledger.Front.Redis;
using Gateway.Tests.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Gateway.Tests.Front;

[TestFixture]
public sealed class RedisFrontTests : SharedFrontContract
{
    private RedisServer server = null!;
    private RedisServers servers = null!;

    [OneTimeSetUp]
    public async Task ConnectAsync()
    {
        server = await RedisServer.SharedAsync();
        servers = await RedisServers.ConnectAsync(server.ConnectionString, NullLogger.Instance, default);
    }

    [OneTimeTearDown]
    public async Task DisconnectAsync() => await servers.DisposeAsync();

    private protected override async ValueTask WipeAsync() => await server.FlushAsync();

    private protected override ValueTask<ISharedFront> CreateAsync(string gateway) =>
        ValueTask.FromResult<ISharedFront>(new RedisFront(servers, Book, gateway, Lease, Time));
}
