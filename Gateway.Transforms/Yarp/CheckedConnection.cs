using System.Net;
using System.Net.Sockets;

namespace Gateway.Transforms.Yarp;

/// <summary>Connects to an upstream whose addresses were checked at that moment: a name cannot turn private between the check and the connection.</summary>
/// <remarks>A name with one private address among public ones is refused whole: nobody who runs a public upstream publishes such a name, and somebody who attacks does.</remarks>
internal static class CheckedConnection
{
    /// <summary>Whether a name with these addresses may be connected to.</summary>
    public static bool IsAllowed(IPAddress[] addresses, bool allowPrivate) => allowPrivate || !Array.Exists(addresses, PrivateAddress.IsPrivate);

    /// <exception cref="HttpRequestException">The name is unknown, or has a private address, and that is not allowed.</exception>
    public static async ValueTask<Stream> OpenAsync(DnsEndPoint target, bool allowPrivate, CancellationToken cancellationToken)
    {
        var addresses = IPAddress.TryParse(target.Host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(target.Host, cancellationToken);
        if (!IsAllowed(addresses, allowPrivate))
            throw new HttpRequestException(HttpRequestError.ConnectionError, "The channel's address is private, and the channel does not allow that.");

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, target.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
