using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Transforms.Yarp;

/// <summary>The HTTP client of each channel: no redirects, cookies, proxies or decompression; addresses are checked when a connection is made.</summary>
/// <remarks>The check stands here, and not where a channel is saved, because a name can resolve to another address later.</remarks>
public sealed class UpstreamConnections(Func<IPAddress, bool> isPrivate) : ForwarderHttpClientFactory
{
    internal const string ConnectTimeoutKey = "ConnectTimeoutMs";
    internal const string AllowPrivateKey = "AllowPrivateAddress";

    /// <inheritdoc/>
    protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        base.ConfigureHandler(context, handler);
        var metadata = context.NewMetadata;
        var timeout = metadata is not null && metadata.TryGetValue(ConnectTimeoutKey, out var text) ? double.Parse(text, CultureInfo.InvariantCulture) : 5000;
        var allowPrivate = metadata is not null && metadata.TryGetValue(AllowPrivateKey, out var allow) && bool.Parse(allow);
        handler.ConnectTimeout = TimeSpan.FromMilliseconds(timeout);
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(5);
        handler.PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60);
        handler.UseProxy = false;
        handler.MaxResponseHeadersLength = 64;
        handler.ConnectCallback = (connect, cancellationToken) => ConnectAsync(connect.DnsEndPoint, allowPrivate, cancellationToken);
    }

    private async ValueTask<Stream> ConnectAsync(DnsEndPoint endPoint, bool allowPrivate, CancellationToken cancellationToken)
    {
        var addresses = IPAddress.TryParse(endPoint.Host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(endPoint.Host, cancellationToken);
        var allowed = allowPrivate ? addresses : Array.FindAll(addresses, address => !isPrivate(address));
        if (allowed.Length == 0)
            throw new HttpRequestException(HttpRequestError.ConnectionError, "The channel's address is private, and the channel does not allow that.");

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, endPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
