namespace Gateway.Host.Catalogue;

/// <summary>Clients for calls that the gateway makes for itself; those of clients go through YARP. The same care: no redirects, cookies or proxies, addresses checked at the connection.</summary>
internal sealed class ChannelHttp : IDisposable
{
    private const int MaxAnswerBytes = 1 << 20;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly HttpClient publicOnly = Client(allowPrivate: false);
    private readonly HttpClient anywhere = Client(allowPrivate: true);

    /// <summary>The client for a channel. It has no time-out of its own.</summary>
    public HttpClient For(Channel channel) => channel.AllowPrivateAddress ? anywhere : publicOnly;

    public void Dispose()
    {
        publicOnly.Dispose();
        anywhere.Dispose();
    }

    private static HttpClient Client(bool allowPrivate) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        ConnectTimeout = ConnectTimeout,
        ConnectCallback = (context, token) => CheckedConnection.OpenAsync(context.DnsEndPoint, allowPrivate, token),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = MaxAnswerBytes,
    };
}
