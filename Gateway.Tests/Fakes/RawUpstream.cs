using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Fakes;

/// <summary>A provider that writes exact bytes, for what no server library sends. The upstream model of a call names the script that answers it.</summary>
internal sealed class RawUpstream : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Socket refusing = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentDictionary<string, Func<RawExchange, Task>> scripts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Task, byte> running = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly Task accepting;

    public RawUpstream()
    {
        listener.Start(backlog: 128);

        // Bound and not listening: nobody else gets the port, and every connection is refused.
        refusing.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        accepting = AcceptAsync();
    }

    public string BaseUrl => $"http://{listener.LocalEndpoint}/v1";

    /// <summary>A base URL that refuses connections.</summary>
    public string RefusingUrl => $"http://127.0.0.1:{((IPEndPoint)refusing.LocalEndPoint!).Port}/v1";

    /// <summary>The first line of each request.</summary>
    public ConcurrentQueue<string> RequestLines { get; } = new();

    /// <summary>What answers calls of this upstream model.</summary>
    public void Script(string upstreamModel, Func<RawExchange, Task> script) => scripts[upstreamModel] = script;

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Dispose();
        refusing.Dispose();
        await accepting;
        await Task.WhenAll(running.Keys);
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            Socket socket;
            try
            {
                socket = await listener.AcceptSocketAsync(stopping.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            var task = AnswerAsync(socket);
            running[task] = 0;
            _ = task.ContinueWith(done => running.TryRemove(done, out _), TaskScheduler.Default);
        }
    }

    private async Task AnswerAsync(Socket socket)
    {
        using var exchange = new RawExchange(socket, stopping.Token);
        try
        {
            if (await exchange.ReadRequestAsync())
            {
                RequestLines.Enqueue(exchange.RequestLine);
                await scripts[exchange.Model](exchange);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The gateway gave up, or the test is over: what many scripts are about.
        }
    }
}
