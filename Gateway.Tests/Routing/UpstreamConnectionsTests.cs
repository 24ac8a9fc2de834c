using System.Diagnostics;
using System.Net;
using Gateway.Transforms.Yarp;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using NUnit.Framework;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Tests.Routing;

internal sealed class UpstreamConnectionsTests
{
    private readonly UpstreamConnections connections = new();

    [TestCase("127.0.0.1")]
    [TestCase("127.1")]
    [TestCase("0x7f000001")]
    [TestCase("2130706433")]
    [TestCase("0.0.0.0")]
    [TestCase("[::1]")]
    [TestCase("[::]")]
    [TestCase("[::ffff:127.0.0.1]")]
    [TestCase("[64:ff9b::7f00:1]")]
    [TestCase("[2002:7f00:1::]")]
    [TestCase("[fe80::1]")]
    [TestCase("[fc00::1]")]
    [TestCase("[fd00:ec2::254]")]
    [TestCase("10.0.0.1")]
    [TestCase("172.16.0.1")]
    [TestCase("172.31.255.255")]
    [TestCase("192.168.0.1")]
    [TestCase("100.64.0.1")]
    [TestCase("169.254.169.254")]
    [TestCase("224.0.0.1")]
    [TestCase("198.18.0.1")]
    [TestCase("255.255.255.255")]
    [TestCase("localhost")]
    public async Task A_private_address_is_refused_before_a_connection(string host)
    {
        using var client = Client(allowPrivate: false);
        using var request = Get(new Uri($"http://{host}:9/"));

        var refused = await Assert.ThrowsAsync<HttpRequestException>(async () => (await client.SendAsync(request, CancellationToken.None)).Dispose());

        Assert.That(refused!.GetBaseException().Message, Does.Contain("private"));
    }

    [TestCase(false, false)]
    [TestCase(true, true)]
    public void A_name_with_one_private_address_among_public_ones_is_refused_whole(bool allowPrivate, bool allowed)
    {
        IPAddress[] addresses = [IPAddress.Parse("8.8.8.8"), IPAddress.Parse("2606:4700::1111"), IPAddress.Parse("10.0.0.1")];

        Assert.That(CheckedConnection.IsAllowed(addresses, allowPrivate), Is.EqualTo(allowed));
        Assert.That(CheckedConnection.IsAllowed(addresses[..2], allowPrivate), Is.True);
    }

    [TestCase(HttpProtocols.Http1AndHttp2, 2)]
    [TestCase(HttpProtocols.Http2, 2)]
    [TestCase(HttpProtocols.Http1, 1)]
    public async Task HTTP_2_is_spoken_where_the_server_offers_it(HttpProtocols offered, int version)
    {
        await using var server = await PlainServer.StartAsync(static http => http.Response.WriteAsync(http.Request.Protocol), offered);
        using var client = Client(trustAll: true);
        using var request = Get(server.Address, ConfigOf(Cluster(server.Address)).HttpRequest!);

        using var answer = await client.SendAsync(request, CancellationToken.None);

        Assert.That(answer.Version.Major, Is.EqualTo(version));
        Assert.That(await answer.Content.ReadAsStringAsync(), Is.EqualTo(version == 2 ? "HTTP/2" : "HTTP/1.1"));
    }

    [Test]
    public async Task A_server_without_TLS_is_spoken_to_in_HTTP_1()
    {
        await using var server = await PlainServer.StartAsync(static http => http.Response.WriteAsync(http.Request.Protocol));
        using var client = Client();
        using var request = Get(server.Address, ConfigOf(Cluster(server.Address)).HttpRequest!);

        using var answer = await client.SendAsync(request, CancellationToken.None);

        Assert.That(await answer.Content.ReadAsStringAsync(), Is.EqualTo("HTTP/1.1"));
    }

    [Test]
    public async Task A_certificate_that_nobody_trusts_is_refused()
    {
        await using var server = await PlainServer.StartAsync(static http => http.Response.WriteAsync("never"), HttpProtocols.Http1AndHttp2);
        using var client = Client();
        using var request = Get(server.Address);

        var refused = await Assert.ThrowsAsync<HttpRequestException>(async () => (await client.SendAsync(request, CancellationToken.None)).Dispose());

        Assert.That(refused!.HttpRequestError, Is.EqualTo(HttpRequestError.SecureConnectionError));
    }

    [TestCase(301)]
    [TestCase(302)]
    [TestCase(307)]
    public async Task A_redirect_is_an_answer_and_not_an_order(int status)
    {
        var paths = new List<string>();
        await using var server = await PlainServer.StartAsync(http =>
        {
            paths.Add(http.Request.Path);
            http.Response.StatusCode = status;
            http.Response.Headers.Location = "http://169.254.169.254/latest/meta-data";
            return Task.CompletedTask;
        });
        using var client = Client();
        using var request = Get(server.Address);

        using var answer = await client.SendAsync(request, CancellationToken.None);

        Assert.That((int)answer.StatusCode, Is.EqualTo(status));
        Assert.That(paths, Is.EqualTo(new[] { "/" }));
    }

    [Test]
    public async Task Cookies_are_not_kept_and_bodies_not_unpacked()
    {
        var cookies = new List<string>();
        byte[] packed = [0x1f, 0x8b, 8, 0];
        await using var server = await PlainServer.StartAsync(async http =>
        {
            cookies.Add(http.Request.Headers.Cookie.ToString());
            http.Response.Headers.SetCookie = "session=1; Path=/";
            http.Response.Headers.ContentEncoding = "gzip";
            await http.Response.Body.WriteAsync(packed);
        });
        using var client = Client();
        for (var i = 0; i < 2; i++)
        {
            using var request = Get(server.Address);
            using var answer = await client.SendAsync(request, CancellationToken.None);
            Assert.That(await answer.Content.ReadAsByteArrayAsync(), Is.EqualTo(packed));
        }

        Assert.That(cookies, Is.EqualTo(new[] { "", "" }));
    }

    [TestCase(63, true)]
    [TestCase(65, false)]
    public async Task A_head_of_more_than_64_KiB_is_refused(int kibibytes, bool accepted)
    {
        await using var server = await PlainServer.StartAsync(http =>
        {
            http.Response.Headers["X-Long"] = new string('x', kibibytes * 1024);
            return Task.CompletedTask;
        });
        using var client = Client();
        using var request = Get(server.Address);

        async Task SendAsync() => (await client.SendAsync(request, CancellationToken.None)).Dispose();

        await Assert.ThatAsync(SendAsync, accepted ? Throws.Nothing : Throws.TypeOf<HttpRequestException>());
    }

    [Test]
    public async Task Connections_add_no_trace_of_their_own_to_what_the_pipeline_sends()
    {
        var traceParent = "";
        await using var server = await PlainServer.StartAsync(http =>
        {
            traceParent = http.Request.Headers.TraceParent.ToString();
            return Task.CompletedTask;
        });
        using var activity = new Activity("call").SetIdFormat(ActivityIdFormat.W3C).Start();
        using var client = Client();
        using var request = Get(server.Address);

        (await client.SendAsync(request, CancellationToken.None)).Dispose();

        Assert.That(traceParent, Is.Empty, "The attempt's span is the upstream's parent: EndToEnd/Telemetry.");
    }

    [Test]
    public void Connections_end_after_five_minutes_so_that_names_are_resolved_again()
    {
        using var handler = new SocketsHttpHandler();

        UpstreamSockets.Configure(handler, TimeSpan.FromSeconds(3), allowPrivateAddress: false);

        Assert.That(handler.PooledConnectionLifetime, Is.EqualTo(TimeSpan.FromMinutes(5)));
        Assert.That(handler.ConnectTimeout, Is.EqualTo(TimeSpan.FromSeconds(3)));
        Assert.That(handler.MaxResponseDrainSize, Is.EqualTo(64 * 1024));
        Assert.That(handler.UseProxy, Is.False);
    }

    [Test]
    public void A_channels_connections_are_bounded()
    {
        var cluster = ConfigOf(Cluster(new Uri("https://example.com")) with { MaxConnections = 7 });

        Assert.That(cluster.HttpClient!.MaxConnectionsPerServer, Is.EqualTo(7));
    }

    [Test]
    public void A_client_is_kept_only_while_what_it_may_do_is_the_same()
    {
        using var first = Client(allowPrivate: true);

        Assert.That(Client(allowPrivate: true, old: (first, true, 5000)), Is.SameAs(first));
        using var closed = Client(allowPrivate: false, old: (first, true, 5000));
        Assert.That(closed, Is.Not.SameAs(first), "It could still reach private addresses.");
        using var slower = Client(allowPrivate: true, old: (first, true, 4000));
        Assert.That(slower, Is.Not.SameAs(first));
    }

    private static HttpRequestMessage Get(Uri address, ForwarderRequestConfig? config = null) =>
        new(HttpMethod.Get, address) { Version = config?.Version ?? HttpVersion.Version11, VersionPolicy = config?.VersionPolicy ?? HttpVersionPolicy.RequestVersionOrLower };

    private static UpstreamCluster Cluster(Uri address) => new("ch_a", [address.ToString()], TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5), AllowPrivateAddress: true);

    private static ClusterConfig ConfigOf(UpstreamCluster cluster)
    {
        var clusters = new UpstreamClusters();
        clusters.Update([], [cluster]);
        return clusters.GetConfig().Clusters.Single(config => config.ClusterId == cluster.Id);
    }

    private static Dictionary<string, string> Metadata(bool allowPrivate, int timeout) => new(StringComparer.Ordinal)
    {
        [UpstreamConnections.AllowPrivateKey] = allowPrivate ? "true" : "false",
        [UpstreamConnections.ConnectTimeoutKey] = $"{timeout}",
    };

    private HttpMessageInvoker Client(bool allowPrivate = true, bool trustAll = false, (HttpMessageInvoker Client, bool AllowPrivate, int Timeout)? old = null)
    {
        var config = new HttpClientConfig { DangerousAcceptAnyServerCertificate = trustAll ? true : null };
        return connections.CreateClient(new ForwarderHttpClientContext
        {
            ClusterId = "ch_a",
            NewConfig = config,
            NewMetadata = Metadata(allowPrivate, 5000),
            OldConfig = config,
            OldMetadata = old is { } before ? Metadata(before.AllowPrivate, before.Timeout) : null,
            OldClient = old?.Client,
        });
    }
}
