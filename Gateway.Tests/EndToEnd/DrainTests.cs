using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>How a real gateway ends at <c>SIGTERM</c>, as its load balancer and its clients see it.</summary>
[NonParallelizable]
internal sealed class DrainTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private JournalingUpstream upstream = null!;

    [OneTimeSetUp]
    public async Task StartUpstream() => upstream = await JournalingUpstream.StartAsync();

    [OneTimeTearDown]
    public async Task StopUpstream() => await upstream.DisposeAsync();

    [Test]
    public async Task A_gateway_that_is_watched_is_unready_at_once_and_takes_calls_until_the_delay_is_over()
    {
        await using var gateway = await StartAsync(("Gateway__DrainDelay", "4s"));
        using var client = await ClientAsync(gateway);
        var (before, _) = await ReadyAsync(client);

        await gateway.TerminateAsync();
        var ending = Stopwatch.GetTimestamp();
        await UnreadyAsync(client);
        var (status, ready) = await ReadyAsync(client);
        using var answer = await client.SendAsync(Call("late 3 0", streams: false));
        var body = await answer.Content.ReadAsStringAsync();
        var code = await gateway.EndAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(before, Is.EqualTo(HttpStatusCode.OK));
            Assert.That(status, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
            Assert.That(ready["status"]!.GetValue<string>(), Is.EqualTo("draining"));
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK), body);
            Assert.That(answer.Headers.ConnectionClose, Is.True, "the client's next connection goes elsewhere");
            Assert.That(code, Is.Zero, gateway.Text());
            Assert.That(Stopwatch.GetElapsedTime(ending), Is.GreaterThan(TimeSpan.FromSeconds(3)), "the delay");
        }
    }

    [Test]
    public async Task A_gateway_that_nobody_watches_ends_without_a_delay()
    {
        await using var gateway = await StartAsync(("Gateway__DrainDelay", "5m"));

        var ending = Stopwatch.GetTimestamp();
        await gateway.TerminateAsync();
        var code = await gateway.EndAsync();

        Assert.That(code, Is.Zero, gateway.Text());
        Assert.That(Stopwatch.GetElapsedTime(ending), Is.LessThan(Soon));
    }

    [Test]
    public async Task A_stream_in_flight_outlives_the_delay_and_ends_complete()
    {
        await using var gateway = await StartAsync(("Gateway__DrainDelay", "500ms"));
        using var client = await ClientAsync(gateway);
        await ReadyAsync(client);
        using var answer = await client.SendAsync(Call("stream 15 120", streams: true), HttpCompletionOption.ResponseHeadersRead);

        await gateway.TerminateAsync();
        var body = await answer.Content.ReadAsStringAsync();
        var code = await gateway.EndAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(body, Does.EndWith("data: [DONE]\n\n"));
            Assert.That(body.Split("\"content\":\" a\"").Length - 1, Is.EqualTo(15), "words");
            Assert.That(code, Is.Zero, gateway.Text());
        }
    }

    [Test]
    public async Task A_stream_that_outlasts_the_drain_time_is_cut_and_charged_for_what_was_delivered()
    {
        await using var gateway = await StartAsync(("Gateway__DrainTime", "1s"));
        using var client = await ClientAsync(gateway);
        using var answer = await client.SendAsync(Call("endless 600 100", streams: true), HttpCompletionOption.ResponseHeadersRead);

        var ending = Stopwatch.GetTimestamp();
        await gateway.TerminateAsync();
        Assert.That(async () => await answer.Content.ReadAsStringAsync(), Throws.InstanceOf<HttpRequestException>().Or.InstanceOf<IOException>());
        var code = await gateway.EndAsync();
        var took = Stopwatch.GetElapsedTime(ending);

        var (receipts, broken, _) = await StoredBook.ReadAsync(Path.Combine(gateway.Folder, "data", "gateway.db"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.Zero, gateway.Text());
            Assert.That(took, Is.LessThan(Soon));
            Assert.That(gateway.Text(), Does.Contain("Gateway__DrainTime is over: 1 calls are cut"));
            Assert.That(broken, Is.Empty);
            Assert.That(receipts, Has.One.Matches<StoredReceipt>(static receipt => receipt is { Cost: > 0 }), string.Join('\n', receipts));
        }
    }

    private Task<GatewayProcess> StartAsync((string Name, string Value) setting) =>
        GatewayProcess.StartAsync([.. upstream.Settings().Select(static pair => (pair.Key, pair.Value)), setting]);

    private static async Task<HttpClient> ClientAsync(GatewayProcess gateway)
    {
        var client = new HttpClient { BaseAddress = gateway.Address, Timeout = TimeSpan.FromSeconds(30) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", await gateway.KeyWithCreditAsync());
        return client;
    }

    private static HttpRequestMessage Call(string order, bool streams) => new(HttpMethod.Post, "/v1/chat/completions")
    {
        Content = new StringContent(
            $$"""{"model":"fake/words","stream":{{(streams ? "true" : "false")}},"max_tokens":1000,"messages":[{"role":"user","content":"{{order}}"}]}""",
            Encoding.UTF8,
            "application/json"),
    };

    private static async Task<(HttpStatusCode Status, JsonNode Body)> ReadyAsync(HttpClient client)
    {
        using var answer = await client.GetAsync("/health/ready");
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }

    // The signal reaches the process a moment after kill has ended.
    private static async Task UnreadyAsync(HttpClient client)
    {
        var started = Stopwatch.GetTimestamp();
        while ((await ReadyAsync(client)).Status == HttpStatusCode.OK && Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(2))
            await Task.Delay(10);
    }
}
