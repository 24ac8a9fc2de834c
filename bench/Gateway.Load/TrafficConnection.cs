using System.Net.Sockets;

namespace Gateway.Load;

/// <summary>One keep-alive connection and the call that is on it. Its socket never blocks.</summary>
internal sealed class TrafficConnection : IDisposable
{
    private static readonly byte[] Buffer = new byte[256 * 1024];
    private readonly Uri url;
    private readonly AnswerReader answer = new();
    private Socket socket;
    private byte[] request = [];
    private int sent;

    public TrafficConnection(Uri url)
    {
        this.url = url;
        socket = Connect(url);
    }

    /// <summary>When the call on it was due, in seconds of the run.</summary>
    public double Due { get; private set; }

    /// <summary>When the first byte of the answer's body came, in seconds of the run; 0: not yet.</summary>
    public double First { get; private set; }

    /// <summary>Whether the answer was a 200.</summary>
    public bool Succeeded => answer.Succeeded;

    /// <summary>What to wait for.</summary>
    public Poll.Descriptor Descriptor => new()
    {
        Handle = (int)socket.Handle, Wanted = sent < request.Length ? (short)(Poll.Readable | Poll.Writable) : Poll.Readable,
    };

    public void Begin(byte[] call, double due)
    {
        (request, sent, Due, First) = (call, 0, due, 0);
        answer.Reset();
        Send();
    }

    /// <summary>Sends and reads what can be without waiting; <c>true</c>: the answer is complete.</summary>
    /// <exception cref="IOException">The server hung up.</exception>
    public bool Advance(double now)
    {
        if (sent < request.Length)
            Send();
        while (true)
        {
            var read = socket.Receive(Buffer, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
                return false;
            if (read == 0)
                throw new IOException($"The server hung up: {error}");
            var complete = answer.Take(Buffer.AsSpan(0, read));
            if (First == 0 && answer.BodyBegun)
                First = now;
            if (complete || read < Buffer.Length)
                return complete;
        }
    }

    /// <summary>After a failure: the next call gets a connection that is whole.</summary>
    public void Renew()
    {
        socket.Dispose();
        socket = Connect(url);
    }

    public void Dispose() => socket.Dispose();

    private static Socket Connect(Uri url)
    {
        var connected = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        connected.Connect(url.Host, url.Port);
        connected.Blocking = false;
        return connected;
    }

    // Large bodies take several turns.
    private void Send()
    {
        while (sent < request.Length)
        {
            var taken = socket.Send(request.AsSpan(sent), SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
                return;
            if (error != SocketError.Success)
                throw new IOException($"The server hung up: {error}");
            sent += taken;
        }
    }
}
