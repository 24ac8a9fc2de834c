using Gateway.Host.Catalogue;
using Gateway.Transforms.Yarp;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Host;

/// <summary>What YARP forwards: the catalogue's channels as clusters, and the routes of <c>/v1</c> that the pipeline assigns to them.</summary>
internal static class ProxyRoutes
{
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

    private static readonly RouteConfig[] Routes =
    [
        Post("chat", "/v1/chat/completions"),
        Post("chat-without-v1", "/chat/completions"),
    ];

    public static void Update(UpstreamClusters clusters, CatalogueSnapshot catalogue) =>
        clusters.Update(Routes, catalogue.Channels.Where(static channel => channel.Enabled).Select(static channel => new UpstreamCluster(
            channel.Id,
            channel.BaseUrls,
            channel.ConnectTimeout,
            // The pipeline and the relay have their own, shorter time-outs; YARP's is the net under them.
            channel.FirstByteTimeout + channel.IdleTimeout + Margin,
            channel.AllowPrivateAddress)
        {
            // The channel's own limit counts calls; this one is the net under it, and has room for connections that are still closing.
            MaxConnections = 2 * channel.MaxConcurrency,
            Probe = channel.ProbePath is { } path ? new UpstreamProbe(path, channel.ProbeInterval) : null,
        }));

    private static RouteConfig Post(string id, string path) => new()
    {
        RouteId = id,
        ClusterId = UpstreamClusters.Unrouted,
        Match = new RouteMatch { Path = path, Methods = ["POST"] },
    };
}
