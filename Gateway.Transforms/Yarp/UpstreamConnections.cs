using System.Globalization;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Transforms.Yarp;

/// <summary>The HTTP client of each channel, and of its probes: one pool of connections each, made with the care of <see cref="UpstreamSockets"/>.</summary>
public sealed class UpstreamConnections : ForwarderHttpClientFactory
{
    internal const string ConnectTimeoutKey = "ConnectTimeoutMs";
    internal const string AllowPrivateKey = "AllowPrivateAddress";

    private const double DefaultConnectTimeoutMs = 5000;

    /// <inheritdoc/>
    protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        base.ConfigureHandler(context, handler);
        var timeout = Setting(context.NewMetadata, ConnectTimeoutKey) is { } text ? double.Parse(text, CultureInfo.InvariantCulture) : DefaultConnectTimeoutMs;
        var allowPrivate = Setting(context.NewMetadata, AllowPrivateKey) is { } allow && bool.Parse(allow);
        UpstreamSockets.Configure(handler, TimeSpan.FromMilliseconds(timeout), allowPrivate);
    }

    // YARP itself compares only its own settings: a channel that may no longer reach private addresses would keep the client that does.
    /// <inheritdoc/>
    protected override bool CanReuseOldClient(ForwarderHttpClientContext context) =>
        base.CanReuseOldClient(context)
        && string.Equals(Setting(context.OldMetadata, ConnectTimeoutKey), Setting(context.NewMetadata, ConnectTimeoutKey), StringComparison.Ordinal)
        && string.Equals(Setting(context.OldMetadata, AllowPrivateKey), Setting(context.NewMetadata, AllowPrivateKey), StringComparison.Ordinal);

    private static string? Setting(IReadOnlyDictionary<string, string>? metadata, string name) => metadata?.GetValueOrDefault(name);
}
