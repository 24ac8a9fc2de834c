using Gateway.Tests.Servers;

namespace Gateway.Tests.Chaos;

/// <summary>Connections that break, stall, slow down or lose an answer, while processes live.</summary>
internal static class LinkFaults
{
    /// <summary>Every fault of every kind of connection that the cluster has.</summary>
    public static IReadOnlyList<Fault> Of(ChaosCluster cluster) =>
        [.. cluster.Gateways[0].Links.Keys.SelectMany(To), .. Client()];

    private static IEnumerable<Fault> To(string other) =>
    [
        new($"{other} connections cut", async (cluster, random) => await CutAsync(Fault.Any(cluster, random).Links[other], random)),
        new($"{other} stalled", async (cluster, random) => await HoldAsync(Fault.Any(cluster, random).Links[other], LinkState.Stalled, Fault.Between(random, 200, 2_500))),
        new($"{other} answers dropped", async (cluster, random) => await DropAnswersAsync(Fault.Any(cluster, random).Links[other], random)),
        new($"{other} slow", async (cluster, random) =>
        {
            var link = Fault.Any(cluster, random).Links[other];
            link.Delay = Fault.Between(random, 5, 300);
            await HoldAsync(link, random.Next(2) == 0 ? LinkState.Delayed : LinkState.Dripping, Fault.Between(random, 300, 1_500));
        }),
    ];

    private static IEnumerable<Fault> Client() =>
    [
        new("client connections cut", static async (cluster, random) =>
        {
            var gateway = Fault.Any(cluster, random);
            using var outage = gateway.Outage();
            await CutAsync(gateway.FromClients, random);
        }),
        new("client stalled", static async (cluster, random) =>
            await HoldAsync(Fault.Any(cluster, random).FromClients, LinkState.Stalled, Fault.Between(random, 200, 2_000))),
    ];

    private static async Task CutAsync(FaultyLink link, Random random)
    {
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            link.Cut();
            await Task.Delay(Fault.Between(random, 20, 200));
        }
    }

    // What was answered in the meantime has happened on the other side, and its answer never comes.
    private static async Task DropAnswersAsync(FaultyLink link, Random random)
    {
        link.State = LinkState.AnswersHeld;
        await Task.Delay(Fault.Between(random, 50, 800));
        link.Cut();
        link.State = LinkState.Open;
    }

    private static async Task HoldAsync(FaultyLink link, LinkState state, TimeSpan time)
    {
        link.State = state;
        await Task.Delay(time);
        link.State = LinkState.Open;
    }
}
