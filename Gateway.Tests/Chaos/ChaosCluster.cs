using Gateway.Tests.EndToEnd;
using Gateway.Tests.Servers;

namespace Gateway.Tests.Chaos;

/// <summary>The system under test as processes: gateways, what they store in, and an upstream; a link on every connection between them.</summary>
internal sealed class ChaosCluster : IAsyncDisposable
{
    public const string Account = "acc_default";

    private readonly DirectoryInfo folder;
    private readonly List<GatewayNode> gateways = [];

    private ChaosCluster(DirectoryInfo folder, JournalingUpstream upstream, ChaosStores stores)
    {
        this.folder = folder;
        Upstream = upstream;
        Stores = stores;
    }

    public IReadOnlyList<GatewayNode> Gateways => gateways;

    public JournalingUpstream Upstream { get; }

    public ChaosStores Stores { get; }

    public string UpstreamJournal => Path.Combine(folder.FullName, "upstream.journal");

    /// <summary>The inference key of the load.</summary>
    public string Key { get; private set; } = "";

    /// <summary>Starts everything: two gateways where they can share their stores, else one.</summary>
    public static async Task<ChaosCluster> StartAsync(ChaosStores stores)
    {
        var home = Directory.CreateTempSubdirectory("gateway-chaos-");
        var upstream = await JournalingUpstream.StartAsync(Path.Combine(home.FullName, "upstream.journal"));
        var cluster = new ChaosCluster(home, upstream, stores);
        try
        {
            await stores.ClearAsync(home.FullName);
            for (var n = 0; n < stores.Gateways; n++)
                cluster.gateways.Add(await cluster.NodeAsync($"gateway-{n + 1}"));

            // One after the other: the first one migrates the book.
            foreach (var gateway in cluster.gateways)
                await gateway.StartAsync();
            var first = cluster.gateways[0].Process;
            cluster.Key = await first.CreateKeyAsync();
            await first.TopUpAsync("wallet", 1000);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Everything heals: links open, gateways run.</summary>
    public async Task HealAsync()
    {
        foreach (var gateway in gateways)
        {
            foreach (var link in gateway.Links.Values.Append(gateway.FromClients))
                link.State = LinkState.Open;
            if (gateway.Process.HasEnded)
                await gateway.StartAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in gateways)
            gateway.Dispose();
        await Upstream.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private async Task<GatewayNode> NodeAsync(string name)
    {
        var home = folder.CreateSubdirectory(name).FullName;
        var links = new Dictionary<string, FaultyLink>(StringComparer.Ordinal) { ["upstream"] = new(Upstream.Port) };
        var settings = JournalingUpstream.Settings(links["upstream"].Port);
        Scarce(settings, links["upstream"].Port);
        settings["Gateway__HoldLease"] = "3s";
        settings["Gateway__PingInterval"] = "500ms";
        Stores.Connect(settings, links);
        return new GatewayNode(name, home, settings, links, Stores.SlowDisk, await SmallDisk.MountAsync(Path.Combine(home, "small")));
    }

    // The second model is paid by the credit bucket, which the load keeps almost empty: its calls race for the last credits.
    private static void Scarce(Dictionary<string, string> settings, int upstreamPort)
    {
        settings["Channels__1__name"] = "scarce";
        settings["Channels__1__provider"] = "fake";
        settings["Channels__1__baseUrl"] = $"http://127.0.0.1:{upstreamPort}/v1";
        settings["Channels__1__routeType"] = "official";
        settings["Channels__1__allowPrivateAddress"] = "true";
        settings["Channels__1__models__0__model"] = "scarce";
        settings["Channels__1__models__0__upstreamModel"] = "words";
        settings["Models__1__provider"] = "fake";
        settings["Models__1__model"] = "scarce";
        settings["Models__1__kind"] = "chat";
        settings["Models__1__contextWindow"] = "128000";
        settings["Models__1__maxOutputTokens"] = "4096";
        settings["Models__1__prices__0__routeType"] = "official";
        settings["Models__1__prices__0__inputPricePer1M"] = "1.4";
        settings["Models__1__prices__0__outputPricePer1M"] = "2.8";
    }
}
