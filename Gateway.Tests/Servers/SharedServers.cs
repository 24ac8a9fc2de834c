using System.Collections.Concurrent;
using Gateway.Tests.Servers;
using NUnit.Framework;

namespace Gateway.Tests;

/// <summary>Servers that many fixtures share are stopped after the last test.</summary>
[SetUpFixture]
public sealed class SharedServers
{
    private static readonly ConcurrentBag<Func<ValueTask>> Ends = [];

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await PostgresServer.EndSharedAsync();
        foreach (var end in Ends)
            await end();
    }

    internal static void AtTheEnd(Func<ValueTask> stop) => Ends.Add(stop);
}
