namespace Gateway.Tests.Chaos;

/// <summary>Something that goes wrong once. When it has run, what it broke works again.</summary>
/// <param name="Kind">Its name in counts and reports.</param>
/// <param name="RunAsync">Breaks something of the cluster for a random while.</param>
internal sealed record Fault(string Kind, Func<ChaosCluster, Random, Task> RunAsync)
{
    /// <summary>A time between the two, in milliseconds.</summary>
    public static TimeSpan Between(Random random, int least, int most) => TimeSpan.FromMilliseconds(random.Next(least, most));

    /// <summary>One of the gateways.</summary>
    public static GatewayNode Any(ChaosCluster cluster, Random random) => cluster.Gateways[random.Next(cluster.Gateways.Count)];
}
