using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Fakes;

/// <summary>One call of <see cref="RawUpstream"/>: its request, and the socket to answer on. One answer for each connection.</summary>
internal sealed class RawExchange(Socket socket, CancellationToken stopping) : IDisposable
{
    public string RequestLine { get; private set; } = "";

    /// <summary>The upstream model that is asked for.</summary>
    public string Model { get; private set; } = "";

    /// <summary>Whether a stream is asked for.</summary>
    public bool Stream { get; private set; }

    /// <summary>Reads the request; false if the connection ends before it does.</summary>
    public async Task<bool> ReadRequestAsync()
    {
        socket.NoDelay = true;
        var request = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer, stopping);
            if (read == 0)
                return false;

            request.Write(buffer, 0, read);
            var text = Encoding.UTF8.GetString(request.ToArray());
            if (text.IndexOf("\r\n\r\n", StringComparison.Ordinal) is > 0 and var head && request.Length >= head + 4 + LengthOf(text[..head]))
            {
                RequestLine = text[..text.IndexOf('\r')];
                var body = JsonNode.Parse(text[(head + 4)..])!;
                Model = body["model"]!.GetValue<string>();
                Stream = body["stream"]?.GetValue<bool>() == true;
                return true;
            }
        }
    }

    public Task WriteAsync(string text) => WriteAsync(Encoding.UTF8.GetBytes(text));

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await socket.SendAsync(bytes, stopping)..];
    }

    /// <summary>Writes each byte in a packet of its own.</summary>
    public async Task DripAsync(string text, int pauseMs = 0)
    {
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            await WriteAsync(new[] { value });
            if (pauseMs > 0)
                await PauseAsync(pauseMs);
            else
                await Task.Yield();
        }
    }

    public Task PauseAsync(int milliseconds) => Task.Delay(milliseconds, stopping);

    /// <summary>Says nothing until the gateway closes the connection.</summary>
    public async Task HangAsync()
    {
        var buffer = new byte[1];
        while (await socket.ReceiveAsync(buffer, stopping) > 0)
        {
        }
    }

    /// <summary>Ends the connection with RST.</summary>
    public void Reset()
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Dispose();
    }

    public void Dispose() => socket.Dispose();

    private static int LengthOf(string head) =>
        head.Split("\r\n").FirstOrDefault(static line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) is { } line
            ? int.Parse(line["Content-Length:".Length..])
            : 0;
}
