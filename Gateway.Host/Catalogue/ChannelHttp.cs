using System.Net;
using Gateway.Transforms.Yarp;

namespace Gateway.Host.Catalogue;

/// <summary>Clients for calls that the gateway makes for itself; those of clients go through YARP. The same care, that of <see cref="UpstreamSockets"/>.</summary>
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

    private static HttpClient Client(bool allowPrivate)
    {
        var handler = new SocketsHttpHandler();
        UpstreamSockets.Configure(handler, ConnectTimeout, allowPrivate);
        return new HttpClient(handler)
        {
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaxAnswerBytes,
        };
    }
}
