using System.Net;

namespace Gateway.Transforms.Yarp;

/// <summary>How every connection to an upstream is made, whether YARP sends over it or the gateway for itself.</summary>
public static class UpstreamSockets
{
    // DNS is asked again at least this often, because a connection that stands is never resolved anew.
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(60);

    // What is left of an answer that nobody wants is read only if that is cheaper than a new connection.
    private const int MostDrainedBytes = 64 * 1024;
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(1);

    // A stream may be silent for minutes while its connection is dead: HTTP/2 can ask.
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(10);

    /// <summary>No redirects, cookies, proxies or decompression; heads of at most 64 KiB; addresses checked when a connection is made.</summary>
    /// <param name="handler">A new handler.</param>
    /// <param name="connectTimeout">For a connection to stand.</param>
    /// <param name="allowPrivateAddress">Whether it may reach loopback and private addresses.</param>
    public static void Configure(SocketsHttpHandler handler, TimeSpan connectTimeout, bool allowPrivateAddress)
    {
        handler.AllowAutoRedirect = false;
        handler.AutomaticDecompression = DecompressionMethods.None;
        handler.UseCookies = false;
        handler.UseProxy = false;

        // The pipeline sends the attempt's own trace context; the handler would put a span of its own between, which nobody exports.
        handler.ActivityHeadersPropagator = null;
        handler.ConnectTimeout = connectTimeout;
        handler.PooledConnectionLifetime = Lifetime;
        handler.PooledConnectionIdleTimeout = IdleTimeout;
        handler.EnableMultipleHttp2Connections = true;
        handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests;
        handler.KeepAlivePingDelay = PingDelay;
        handler.KeepAlivePingTimeout = PingTimeout;
        handler.MaxResponseHeadersLength = 64;
        handler.MaxResponseDrainSize = MostDrainedBytes;
        handler.ResponseDrainTimeout = DrainTimeout;
        handler.ConnectCallback = (connect, cancellationToken) => CheckedConnection.OpenAsync(connect.DnsEndPoint, allowPrivateAddress, cancellationToken);
    }
}
