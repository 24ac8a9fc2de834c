using System.Collections.Frozen;
using Gateway.Host.Catalogue;
using Gateway.Transforms;
using Gateway.Transforms.Yarp;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Host;

/// <summary>What YARP forwards: the catalogue's channels as clusters, and the routes of <c>/v1</c> that the pipeline assigns to them.</summary>
internal static class ProxyRoutes
{
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

    private static readonly RouteConfig[] Routes =
        [.. CallKind.All.SelectMany(static kind => (RouteConfig[])[Post(kind.Path, kind.Path), Post(WithoutV1(kind), WithoutV1(kind))])];

    private static readonly FrozenDictionary<string, CallKind> Kinds = CallKind.All
        .SelectMany(static kind => (KeyValuePair<string, CallKind>[])[new(kind.Path, kind), new(WithoutV1(kind), kind)])
        .ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>By which API a request came that YARP routed.</summary>
    public static CallKind KindOf(HttpContext http) => Kinds[http.GetReverseProxyFeature().Route.Config.RouteId];

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

    private static string WithoutV1(CallKind kind) => kind.Path["/v1".Length..];

    private static RouteConfig Post(string id, string path) => new()
    {
        RouteId = id,
        ClusterId = UpstreamClusters.Unrouted,
        Match = new RouteMatch { Path = path, Methods = ["POST"] },
    };
}
