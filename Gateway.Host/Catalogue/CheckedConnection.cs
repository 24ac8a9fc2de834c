using System.Net;
using System.Net.Sockets;

namespace Gateway.Host.Catalogue;

/// <summary>Connects to an upstream whose address was checked at that moment: a name cannot turn private between the check and the connection.</summary>
internal static class CheckedConnection
{
    /// <exception cref="HttpRequestException">The address is private, and that is not allowed.</exception>
    public static async ValueTask<Stream> OpenAsync(DnsEndPoint target, bool allowPrivate, CancellationToken cancellationToken)
    {
        var addresses = await Dns.GetHostAddressesAsync(target.Host, cancellationToken);
        if (!allowPrivate && Array.Exists(addresses, PrivateAddress.IsPrivate))
            throw new HttpRequestException("The name resolves to a private address.");

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
