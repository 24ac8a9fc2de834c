using System.Net;
using System.Net.Sockets;
using System.Text;
using NUnit.Framework;

namespace Gateway.Tests.Servers;

/// <summary>The proxy that other tests break connections with does what its states say.</summary>
internal sealed class FaultyLinkTests
{
    private static readonly TimeSpan ShortWait = TimeSpan.FromMilliseconds(150);

    private TcpListener echo;
    private FaultyLink link;
    private int heard;

    [SetUp]
    public void Start()
    {
        heard = 0;
        echo = new TcpListener(IPAddress.Loopback, 0);
        echo.Start();
        _ = EchoAsync(echo);
        link = new FaultyLink(((IPEndPoint)echo.LocalEndpoint).Port);
    }

    [TearDown]
    public void Stop()
    {
        link.Dispose();
        echo.Dispose();
    }

    [TestCase(LinkState.Open)]
    [TestCase(LinkState.Delayed)]
    [TestCase(LinkState.Dripping)]
    public async Task Bytes_arrive_whole_and_in_order(LinkState state)
    {
        link.State = state;
        using var client = await ConnectAsync();

        Assert.That(await SayAsync(client, "hello"), Is.EqualTo("hello"));
    }

    [TestCase(LinkState.Stalled, 0)]
    [TestCase(LinkState.AnswersHeld, 5)]
    public async Task Nothing_comes_back_until_the_fault_is_over(LinkState state, int heardMeanwhile)
    {
        using var client = await ConnectAsync();
        await SayAsync(client, "x");
        heard = 0;
        link.State = state;

        var answer = SayAsync(client, "hello");
        await Task.Delay(ShortWait);

        Assert.That((answer.IsCompleted, Volatile.Read(ref heard)), Is.EqualTo((false, heardMeanwhile)));
        link.State = LinkState.Open;
        Assert.That(await answer.WaitAsync(TimeSpan.FromSeconds(5)), Is.EqualTo("hello"));
    }

    [Test]
    public async Task Cutting_resets_what_is_open_and_lets_new_connections_in()
    {
        using var client = await ConnectAsync();
        await SayAsync(client, "x");

        Assert.That(link.Cut(), Is.EqualTo(1));

        Assert.That(async () => await SayAsync(client, "x"), Throws.InstanceOf<SocketException>());
        using var next = await ConnectAsync();
        Assert.That(await SayAsync(next, "y"), Is.EqualTo("y"));
    }

    [Test]
    public async Task Refusing_ends_what_is_open_and_what_comes()
    {
        using var client = await ConnectAsync();
        await SayAsync(client, "x");
        link.State = LinkState.Refusing;

        // A connection that comes may be reset before it stands, or at its first byte.
        async Task ConnectAndSayAsync()
        {
            using var next = await ConnectAsync();
            await SayAsync(next, "x");
        }

        Assert.That(ConnectAndSayAsync, Throws.InstanceOf<SocketException>());
        Assert.That(async () => await SayAsync(client, "x"), Throws.InstanceOf<SocketException>());
    }

    private static async Task<string> SayAsync(Socket client, string text)
    {
        await client.SendAsync(Encoding.ASCII.GetBytes(text));
        var answer = new byte[text.Length];
        for (var read = 0; read < answer.Length;)
        {
            var got = await client.ReceiveAsync(answer.AsMemory(read));
            if (got == 0)
                throw new SocketException((int)SocketError.ConnectionReset);
            read += got;
        }

        return Encoding.ASCII.GetString(answer);
    }

    private async Task<Socket> ConnectAsync()
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, link.Port));
        return client;
    }

    private async Task EchoAsync(TcpListener server)
    {
        var buffer = new byte[1024];
        while (true)
        {
            try
            {
                using var client = await server.AcceptSocketAsync();
                while (await client.ReceiveAsync(buffer) is > 0 and var read)
                {
                    Interlocked.Add(ref heard, read);
                    await client.SendAsync(buffer.AsMemory(0, read));
                }
            }
            catch (SocketException)
            {
                // The link cut it.
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }
}
