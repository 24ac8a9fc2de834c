namespace Gateway.Tests.Chaos;

/// <summary>Processes that end, and the disk of a gateway. One at a time: two of them may want the same process.</summary>
internal static class ProcessFaults
{
    private static readonly Fault GatewayKilled = new("gateway killed", static async (cluster, random) =>
    {
        var gateway = Fault.Any(cluster, random);
        using var outage = gateway.Outage();
        await gateway.Process.KillAsync();
        await Task.Delay(Fault.Between(random, 0, 1_500));
        await gateway.StartAsync();
    });

    private static readonly Fault GatewayRestarted = new("gateway restarted", static async (cluster, random) =>
    {
        var gateway = Fault.Any(cluster, random);
        using var outage = gateway.Outage();
        await gateway.Process.TerminateAsync();
        await gateway.Process.EndAsync();
        await gateway.StartAsync();
    });

    private static readonly Fault DiskFull = new("spool's disk full", static async (cluster, random) =>
    {
        var gateway = Fault.Any(cluster, random);
        await gateway.SmallDisk!.FillAsync();
        await Task.Delay(Fault.Between(random, 500, 1_500));

        // A spool that has failed takes nothing any more, so the operator makes room and starts again.
        using var outage = gateway.Outage();
        await gateway.Process.KillAsync();
        gateway.SmallDisk.Free();
        await gateway.StartAsync();
    });

    private static readonly Fault SlowFsync = new("slow fsync", static async (cluster, random) =>
    {
        var gateway = Fault.Any(cluster, random);
        gateway.SetSlowDisk(Fault.Between(random, 100, 900));
        await Task.Delay(Fault.Between(random, 500, 2_000));
        gateway.SetSlowDisk(TimeSpan.Zero);
    });

    /// <summary>Those that this machine can have, and the names of those that it cannot.</summary>
    public static (IReadOnlyList<Fault> Available, IReadOnlyList<string> Missing) Of(ChaosCluster cluster)
    {
        var available = new List<Fault> { GatewayKilled, GatewayRestarted };
        var missing = new List<string>();
        Add(DiskFull, cluster.Gateways[0].SmallDisk is not null, "mount needs root");
        Add(SlowFsync, cluster.Gateways[0].HasSlowDisk, "there is no C compiler");
        available.AddRange(cluster.Stores.ProcessFaults);
        return (available, missing);

        void Add(Fault fault, bool isHere, string reason)
        {
            if (isHere)
                available.Add(fault);
            else
                missing.Add($"{fault.Kind} ({reason})");
        }
    }
}
