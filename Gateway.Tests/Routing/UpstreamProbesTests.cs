using System.Collections.Concurrent;
using System.Diagnostics;
using Gateway.Transforms.Yarp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NUnit.Framework;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Gateway.Tests.Routing;

/// <summary>YARP itself probes two base URLs, whose statuses a test sets.</summary>
internal sealed class UpstreamProbesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ConcurrentQueue<string> asked = new();
    private readonly ConcurrentQueue<bool> reports = new();
    private readonly int[] statuses = [200, 200];
    private readonly int[] lost = [0, 0];
    private PlainServer[] servers = [];
    private WebApplication app = null!; // Set before each test.

    [SetUp]
    public async Task StartAsync()
    {
        asked.Clear();
        reports.Clear();
        Array.Fill(statuses, 200);
        Array.Fill(lost, 0);
        servers = [await ServerAsync(0), await ServerAsync(1)];
    }

    [TearDown]
    public async Task StopAsync()
    {
        await app.DisposeAsync();
        foreach (var server in servers)
            await server.DisposeAsync();
    }

    [TestCase(200)]
    [TestCase(302)]
    [TestCase(401)]
    [TestCase(404)]
    public async Task Any_answer_below_500_is_a_life_sign(int status)
    {
        Array.Fill(statuses, status);
        await ProbeAsync();

        await UntilAsync(() => reports.Count >= 3);

        Assert.That(reports, Has.All.True);
        Assert.That(Available, Is.EqualTo(2));
        Assert.That(asked, Has.All.EqualTo("GET /v1/models"), "The path stands behind the base URL's, and no credential is sent.");
    }

    [Test]
    public async Task One_dead_address_leaves_the_balancing_and_comes_back_and_the_channel_lives_on()
    {
        await ProbeAsync();
        statuses[0] = 503;

        await UntilAsync(() => Available == 1);
        statuses[0] = 200;
        await UntilAsync(() => Available == 2);

        Assert.That(reports, Has.All.True);
    }

    [Test]
    public async Task The_channel_is_reported_dead_when_every_address_failed_twice_and_alive_at_the_first_answer()
    {
        await ProbeAsync();
        await UntilAsync(() => !reports.IsEmpty);
        Array.Fill(statuses, 503);

        await UntilAsync(() => reports.Last() == false);
        Assert.That(Available, Is.EqualTo(2), "With all of them dead YARP leaves the choice to the breaker.");
        statuses[1] = 200;
        await UntilAsync(() => reports.Last());

        Assert.That(Available, Is.EqualTo(1));
    }

    [Test]
    public async Task A_single_lost_probe_is_no_news()
    {
        await ProbeAsync();
        await UntilAsync(() => !reports.IsEmpty);

        var before = asked.Count;
        Array.Fill(lost, 1);
        await UntilAsync(() => asked.Count >= before + 8);

        Assert.That(lost, Has.All.LessThan(1));
        Assert.That(reports, Has.All.True);
    }

    [Test]
    public async Task Probes_go_through_the_same_checks_as_calls()
    {
        await ProbeAsync(allowPrivate: false);

        await UntilAsync(() => !reports.IsEmpty);

        Assert.That(reports, Has.All.False);
        Assert.That(asked, Is.Empty);
    }

    [Test]
    public void Without_a_path_nothing_is_probed()
    {
        var clusters = new UpstreamClusters();
        clusters.Update([], [new UpstreamCluster("ch_a", ["https://example.com"], TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5), AllowPrivateAddress: false)]);

        Assert.That(clusters.GetConfig().Clusters.Single(static cluster => cluster.ClusterId == "ch_a").HealthCheck, Is.Null);
        app = WebApplication.CreateSlimBuilder().Build();
    }

    [TestCase(500, 1_000)]
    [TestCase(3_000, 3_000)]
    [TestCase(60_000, 10_000)]
    public void A_probe_may_take_its_interval_within_limits(int interval, int timeout)
    {
        var clusters = new UpstreamClusters();
        clusters.Update([], [Cluster(allowPrivate: false, interval)]);
        app = WebApplication.CreateSlimBuilder().Build();

        var active = clusters.GetConfig().Clusters.Single(static cluster => cluster.ClusterId == "ch_a").HealthCheck!.Active!;

        Assert.That(active.Timeout, Is.EqualTo(TimeSpan.FromMilliseconds(timeout)));
    }

    private int Available
    {
        get
        {
            Assert.That(app.Services.GetRequiredService<IProxyStateLookup>().TryGetCluster("ch_a", out var cluster), Is.True);
            return cluster!.DestinationsState.AvailableDestinations.Count;
        }
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        var started = Stopwatch.GetTimestamp();
        while (!holds())
        {
            Assert.That(Stopwatch.GetElapsedTime(started), Is.LessThan(Patience));
            await Task.Delay(10);
        }
    }

    private Task<PlainServer> ServerAsync(int index) => PlainServer.StartAsync(http =>
    {
        asked.Enqueue($"{http.Request.Method} {http.Request.Path}{http.Request.Headers.Authorization}");
        http.Response.StatusCode = Interlocked.Decrement(ref lost[index]) >= 0 ? 503 : statuses[index];
        return Task.CompletedTask;
    });

    private UpstreamCluster Cluster(bool allowPrivate, int interval) =>
        new("ch_a", [.. servers.Select(static server => new Uri(server.Address, "/v1").ToString())], TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5), allowPrivate)
        {
            Probe = new UpstreamProbe("/models", TimeSpan.FromMilliseconds(interval)),
        };

    private async Task ProbeAsync(bool allowPrivate = true)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var clusters = new UpstreamClusters();
        clusters.Update([], [Cluster(allowPrivate, interval: 50)]);
        builder.Services.AddSingleton<IProxyConfigProvider>(clusters);
        builder.Services.AddSingleton<IForwarderHttpClientFactory, UpstreamConnections>();
        builder.Services.AddSingleton<IProbeListener>(new Listener(reports));
        builder.Services.AddSingleton<IActiveHealthCheckPolicy, UpstreamProbes>();
        builder.Services.AddReverseProxy();
        app = builder.Build();
        app.MapReverseProxy();
        await app.StartAsync();
    }

    private sealed class Listener(ConcurrentQueue<bool> reports) : IProbeListener
    {
        public void Probed(string channelId, bool isAlive)
        {
            Assert.That(channelId, Is.EqualTo("ch_a"));
            reports.Enqueue(isAlive);
        }
    }
}
