using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Servers;

/// <summary>What a <see cref="FaultyLink"/> does to the bytes that go through it.</summary>
internal enum LinkState
{
    /// <summary>Hands everything on at once.</summary>
    Open,

    /// <summary>Keeps connections open and hands nothing on, in either direction: a half-open network.</summary>
    Stalled,

    /// <summary>Hands requests on and keeps every answer: the other side has done it, and nobody learns so.</summary>
    AnswersHeld,

    /// <summary>Hands each piece on after <see cref="FaultyLink.Delay"/>.</summary>
    Delayed,

    /// <summary>Hands a byte on, waits a millisecond, hands the next on.</summary>
    Dripping,

    /// <summary>Accepts no connection: each is reset at once.</summary>
    Refusing,
}

/// <summary>A TCP connection between two of the system's processes that a test can cut, stall, delay or silence while it runs.</summary>
internal sealed class FaultyLink : IDisposable
{
    private const int PieceBytes = 16 * 1024;

    private readonly TcpListener listener;
    private readonly int targetPort;
    private readonly ConcurrentDictionary<Pair, Task> open = new();
    private readonly CancellationTokenSource closing = new();
    private readonly Task accepting;
    private volatile Phase phase = new(LinkState.Open);

    /// <param name="targetPort">Where connections lead, on 127.0.0.1.</param>
    public FaultyLink(int targetPort)
    {
        this.targetPort = targetPort;
        listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        accepting = AcceptAsync();
    }

    /// <summary>Where it listens, on 127.0.0.1.</summary>
    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>How long each piece waits while <see cref="LinkState.Delayed"/>. Default 200 ms.</summary>
    public TimeSpan Delay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>What it does from now on, to open connections and new ones.</summary>
    public LinkState State
    {
        get => phase.State;
        set
        {
            var before = phase;
            phase = new Phase(value);
            before.Over.TrySetResult();
            if (value == LinkState.Refusing)
                Cut();
        }
    }

    /// <summary>Connections that are open now.</summary>
    public int Connections => open.Count;

    /// <summary>Resets every open connection: both ends see RST.</summary>
    /// <returns>How many there were.</returns>
    public int Cut()
    {
        var cut = 0;
        foreach (var pair in open.Keys)
        {
            pair.Reset();
            cut++;
        }

        return cut;
    }

    public void Dispose()
    {
        closing.Cancel();
        listener.Stop();
        phase.Over.TrySetResult();
        Cut();
        accepting.Wait(TimeSpan.FromSeconds(5));
        listener.Dispose();
        closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!closing.IsCancellationRequested)
        {
            Socket near;
            try
            {
                near = await listener.AcceptSocketAsync(closing.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                if (closing.IsCancellationRequested)
                    return;
                continue;
            }

            var pair = new Pair(near);
            open[pair] = RunAsync(pair);
            if (pair.IsOver)
                open.TryRemove(pair, out _);
        }
    }

    private async Task RunAsync(Pair pair)
    {
        try
        {
            if (State == LinkState.Refusing)
                return;
            await pair.Far.ConnectAsync(new IPEndPoint(IPAddress.Loopback, targetPort), closing.Token);
            await Task.WhenAll(PumpAsync(pair, pair.Near, pair.Far, isAnswer: false), PumpAsync(pair, pair.Far, pair.Near, isAnswer: true));
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One end is gone: the other is reset below.
        }
        finally
        {
            pair.Reset();
            open.TryRemove(pair, out _);
        }
    }

    private async Task PumpAsync(Pair pair, Socket from, Socket to, bool isAnswer)
    {
        var piece = new byte[PieceBytes];
        try
        {
            while (await from.ReceiveAsync(piece, closing.Token) is > 0 and var read)
            {
                await PassesAsync(isAnswer);
                if (State == LinkState.Delayed)
                    await Task.Delay(Delay, closing.Token);
                if (State == LinkState.Dripping)
                    await DripAsync(piece, read, to);
                else
                    await SendAsync(piece.AsMemory(0, read), to);
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            pair.Reset();
        }
    }

    // Whoever waits here looks again at each change, so a stall ends when the state does.
    private async Task PassesAsync(bool isAnswer)
    {
        while (phase is { State: var state } current && (state == LinkState.Stalled || (state == LinkState.AnswersHeld && isAnswer)))
            await current.Over.Task.WaitAsync(closing.Token);
    }

    private async Task DripAsync(byte[] piece, int length, Socket to)
    {
        var sent = 0;
        for (; sent < length && State == LinkState.Dripping; sent++)
        {
            await SendAsync(piece.AsMemory(sent, 1), to);
            await Task.Delay(1, closing.Token);
        }

        await SendAsync(piece.AsMemory(sent, length - sent), to);
    }

    private async Task SendAsync(ReadOnlyMemory<byte> bytes, Socket to)
    {
        for (var sent = 0; sent < bytes.Length;)
            sent += await to.SendAsync(bytes[sent..], SocketFlags.None, closing.Token);
    }

    private sealed class Phase(LinkState state)
    {
        public LinkState State { get; } = state;

        public TaskCompletionSource Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Pair(Socket near)
    {
        private int over;

        public Socket Near { get; } = near;

        public Socket Far { get; } = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

        public bool IsOver => Volatile.Read(ref over) != 0;

        // A linger of zero makes close send RST instead of FIN.
        public void Reset()
        {
            if (Interlocked.Exchange(ref over, 1) != 0)
                return;

            foreach (var socket in (Socket[])[Near, Far])
            {
                try
                {
                    socket.LingerState = new LingerOption(enable: true, seconds: 0);
                }
                catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
                {
                    // The other end was faster.
                }

                socket.Dispose();
            }
        }
    }
}
