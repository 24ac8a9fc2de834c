using System.Net;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;

namespace Gateway.Transforms.Yarp;

/// <summary>One channel as YARP sees it: a cluster whose destinations are the channel's base URLs.</summary>
/// <param name="Id">The channel's id.</param>
/// <param name="BaseUrls">Where it may send.</param>
/// <param name="ConnectTimeout">For a connection to stand.</param>
/// <param name="ActivityTimeout">Without a byte in either direction.</param>
/// <param name="AllowPrivateAddress">Whether it may reach loopback and private addresses.</param>
public sealed record UpstreamCluster(string Id, IReadOnlyList<string> BaseUrls, TimeSpan ConnectTimeout, TimeSpan ActivityTimeout, bool AllowPrivateAddress)
{
    /// <summary>The most connections to one base URL; <c>null</c>: no limit.</summary>
    public int? MaxConnections { get; init; }

    /// <summary>How it is probed; <c>null</c>: not at all.</summary>
    public UpstreamProbe? Probe { get; init; }
}

/// <summary>YARP's configuration: the routes that are forwarded, and a cluster for each channel, replaced whole when the catalogue changes.</summary>
public sealed class UpstreamClusters : IProxyConfigProvider
{
    /// <summary>The cluster that routes name: it has no destination, because the pipeline assigns the channel's cluster to each call.</summary>
    public const string Unrouted = "unrouted";

    // An upstream that needs longer for a list of models, or whatever it is asked for, gives no sign of life.
    private static readonly TimeSpan LeastProbeTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MostProbeTimeout = TimeSpan.FromSeconds(10);

    private volatile Snapshot _current = new([], []);

    /// <inheritdoc/>
    public IProxyConfig GetConfig() => _current;

    /// <summary>Replaces the configuration; calls in flight keep theirs.</summary>
    public void Update(IReadOnlyList<RouteConfig> routes, IEnumerable<UpstreamCluster> channels)
    {
        List<ClusterConfig> clusters = [new() { ClusterId = Unrouted }];
        foreach (var channel in channels)
            clusters.Add(Cluster(channel));

        var previous = _current;
        _current = new Snapshot(routes, clusters);
        previous.Expire();
    }

    private static ClusterConfig Cluster(UpstreamCluster channel) => new()
    {
        ClusterId = channel.Id,
        LoadBalancingPolicy = channel.BaseUrls.Count > 1 ? "LeastRequests" : "FirstAlphabetical",
        Destinations = channel.BaseUrls.Select((address, index) => (address, index))
            .ToDictionary(static pair => $"{pair.index}", static pair => new DestinationConfig { Address = pair.address }, StringComparer.Ordinal),
        HttpClient = new HttpClientConfig { MaxConnectionsPerServer = channel.MaxConnections },
        HttpRequest = new ForwarderRequestConfig
        {
            ActivityTimeout = channel.ActivityTimeout,
            // Over https the server chooses (ALPN); over http it is HTTP/1.1.
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        },
        HealthCheck = channel.Probe is { } probe ? Probed(probe) : null,
        Metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [UpstreamConnections.ConnectTimeoutKey] = $"{channel.ConnectTimeout.TotalMilliseconds:F0}",
            [UpstreamConnections.AllowPrivateKey] = channel.AllowPrivateAddress ? "true" : "false",
        },
    };

    private static HealthCheckConfig Probed(UpstreamProbe probe) => new()
    {
        // With every base URL dead all are tried: whether a call comes here at all is decided before YARP.
        AvailableDestinationsPolicy = HealthCheckConstants.AvailableDestinations.HealthyOrPanic,
        Active = new ActiveHealthCheckConfig
        {
            Enabled = true,
            Path = probe.Path,
            Interval = probe.Interval,
            Timeout = probe.Interval < LeastProbeTimeout ? LeastProbeTimeout : probe.Interval > MostProbeTimeout ? MostProbeTimeout : probe.Interval,
            Policy = UpstreamProbes.PolicyName,
        },
    };

    private sealed class Snapshot : IProxyConfig
    {
        private readonly CancellationTokenSource _expired = new();

        public Snapshot(IReadOnlyList<RouteConfig> routes, IReadOnlyList<ClusterConfig> clusters)
        {
            Routes = routes;
            Clusters = clusters;
            ChangeToken = new CancellationChangeToken(_expired.Token);
        }

        public IReadOnlyList<RouteConfig> Routes { get; }

        public IReadOnlyList<ClusterConfig> Clusters { get; }

        public IChangeToken ChangeToken { get; }

        public void Expire() => _expired.Cancel();
    }
}
