using System.Collections.Concurrent;
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
        foreach (var end in Ends)
            await end();
    }

    internal static void AtTheEnd(Func<ValueTask> stop) => Ends.Add(stop);
}
