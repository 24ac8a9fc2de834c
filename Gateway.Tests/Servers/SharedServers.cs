using Gateway.Tests.Servers;
using NUnit.Framework;

namespace Gateway.Tests;

/// <summary>Ends the servers that tests share, after the last test of the run.</summary>
[SetUpFixture]
internal sealed class SharedServers
{
    [OneTimeTearDown]
    public async Task EndAsync() => await PostgresServer.EndSharedAsync();
}
