using System.Net;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>What probes and the reader of a log see of a gateway that is well.</summary>
internal sealed class HealthTests : EndToEndFixture
{
    [TestCase("/health/live")]
    [TestCase("/health/ready")]
    public async Task Probes_need_no_key_and_are_never_cached(string path)
    {
        using var anonymous = new HttpClient { BaseAddress = Gateway.Address };

        using var read = await anonymous.GetAsync(path);
        using var request = new HttpRequestMessage(HttpMethod.Head, path);
        using var head = await anonymous.SendAsync(request);
        using var posted = await anonymous.PostAsync(path, content: null);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(read.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That(read.Headers.CacheControl?.NoStore, Is.True);
            Assert.That(head.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That(head.Content.Headers.ContentLength, Is.EqualTo(read.Content.Headers.ContentLength));
            Assert.That(await head.Content.ReadAsByteArrayAsync(), Is.Empty);
            Assert.That(posted.StatusCode, Is.EqualTo(HttpStatusCode.MethodNotAllowed));
        }
    }

    [Test]
    public async Task Readiness_tells_each_part_and_each_channel()
    {
        var channels = (await Gateway.GetAsync("/api/channels"))["data"]!.AsArray().Select(static channel => channel!["id"]!.GetValue<string>()).ToList();

        var ready = JsonNode.Parse(await Client.GetStringAsync("/health/ready"))!.AsObject();

        foreach (var part in (string[])["status", "migrations", "spool", "book", "front", "clock", "channels"])
            Assert.That(ready[part]?.GetValue<string>(), Is.EqualTo("ok"), part);
        Assert.That(ready["unrecorded"]!.GetValue<long>(), Is.GreaterThanOrEqualTo(0));
        Assert.That(ready["channelStates"]!.AsObject().Select(static channel => channel.Key), Is.EquivalentTo(channels));
        Assert.That(channels, Has.Count.GreaterThan(1));
    }

    [Test]
    public async Task The_start_up_line_says_what_the_gateway_runs_on()
    {
        var line = await Gateway.LineAsync("      Gateway ");

        Assert.That(line, Does.Contain($"listens on {Gateway.Address.ToString().TrimEnd('/')};"));
        Assert.That(line, Does.Contain($"book: SQLite {Path.Combine(Gateway.Folder, "data", "gateway.db")}; front: in process; spool: process in "));
        Assert.That(line, Does.Contain("telemetry: ").And.Contain(" GC, ").And.EndsWith("."));
        Assert.That(Gateway.Output.Count(static text => text.StartsWith("      Gateway ", StringComparison.Ordinal)), Is.EqualTo(1));
    }
}
