using System.Diagnostics;
using System.Text.Json.Nodes;
using Gateway.Tests.Routing;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>A channel that dies is out of rotation within its configured time and comes back by itself, and REST shows both.</summary>
[NonParallelizable]
internal sealed class ProbeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Test]
    public async Task A_dead_channel_is_open_after_two_probes_and_closed_after_one()
    {
        var status = 200;
        await using var upstream = await PlainServer.StartAsync(http =>
        {
            http.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        await using var gateway = await GatewayProcess.StartAsync();
        var created = await gateway.CreateChannelAsync(new Uri(upstream.Address, "/v1").ToString(), "official", "m", "m-1", ""","probePath":"/models","probeIntervalMs":500""");
        var id = created["id"]!.GetValue<string>();
        Assert.That(created["health"]!.ToJsonString(), Is.EqualTo("""[{"model":"m-1","state":"closed"}]"""));
        Assert.That(created["probeIntervalMs"]!.GetValue<int>(), Is.EqualTo(500));

        status = 503;
        var open = await UntilAsync(gateway, id, "open");
        Assert.That(DateTimeOffset.Parse(open["openUntil"]!.GetValue<string>()), Is.GreaterThan(DateTimeOffset.UtcNow));
        status = 200;
        await UntilAsync(gateway, id, "closed");

        var listed = await gateway.GetAsync("/api/channels");
        Assert.That(listed["data"]!.AsArray().Single(channel => channel!["id"]!.GetValue<string>() == id)!["health"]![0]!["state"]!.GetValue<string>(), Is.EqualTo("closed"));
    }

    private static async Task<JsonNode> UntilAsync(GatewayProcess gateway, string id, string state)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var health = (await gateway.GetAsync($"/api/channels/{id}"))["health"]![0]!;
            if (health["state"]!.GetValue<string>() == state)
                return health;
            Assert.That(Stopwatch.GetElapsedTime(started), Is.LessThan(Patience), $"It never was {state}.");
            await Task.Delay(20);
        }
    }
}
