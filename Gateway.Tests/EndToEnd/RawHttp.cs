using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Gateway.Tests.EndToEnd;

/// <summary>HTTP as bytes on a socket, for what no client library sends.</summary>
internal sealed class RawHttp : IDisposable
{
    private readonly Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private RawHttp()
    {
    }

    public static async Task<RawHttp> SendAsync(Uri address, byte[] request)
    {
        var client = new RawHttp();
        await client.socket.ConnectAsync(IPAddress.Loopback, address.Port);
        for (var sent = 0; sent < request.Length;)
            sent += await client.socket.SendAsync(request.AsMemory(sent));
        return client;
    }

    /// <summary>A request with a JSON body.</summary>
    public static byte[] Post(string key, byte[] body, string headers = "") =>
        [.. Encoding.Latin1.GetBytes($"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n{headers}\r\n"), .. body];

    /// <summary>Reads until so many bytes have come, or the end; how many came.</summary>
    public async Task<int> ReadAsync(int count)
    {
        var buffer = new byte[4096];
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        var read = 0;
        while (read < count)
        {
            var got = await socket.ReceiveAsync(buffer.AsMemory(0, Math.Min(buffer.Length, count - read)), deadline.Token);
            if (got == 0)
                break;
            read += got;
        }

        return read;
    }

    /// <summary>Reads one answer that has a length, or all until the server closes.</summary>
    public async Task<(int Status, JsonNode? Body)> AnswerAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        var text = new StringBuilder();
        var buffer = new byte[16 * 1024];
        while (!IsWhole(text.ToString()))
        {
            int read;
            try
            {
                read = await socket.ReceiveAsync(buffer, deadline.Token);
            }
            catch (SocketException)
            {
                // The server closed while part of the request was still on its way.
                break;
            }

            if (read == 0)
                break;
            text.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }

        var parts = text.ToString().Split("\r\n\r\n", 2);
        var status = parts[0].Length == 0 ? 0 : int.Parse(parts[0].Split(' ')[1]);
        return (status, parts.Length == 2 && parts[1].StartsWith('{') ? JsonNode.Parse(parts[1]) : null);
    }

    public void Dispose() => socket.Dispose();

    private static bool IsWhole(string text)
    {
        const string length = "\r\ncontent-length: ";
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var at = text.IndexOf(length, StringComparison.OrdinalIgnoreCase);
        if (end < 0 || at < 0 || at > end)
            return false;
        var digits = text[(at + length.Length)..text.IndexOf("\r\n", at + 2, StringComparison.Ordinal)];
        return text.Length >= end + 4 + int.Parse(digits);
    }
}
