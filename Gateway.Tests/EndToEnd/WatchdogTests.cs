using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>Two gateways on one PostgreSQL and one Redis: what clients think of compressed answers pauses the rule that compressed them.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class WatchdogTests
{
    private static readonly string ToolOutput = new JsonArray([.. Enumerable.Range(0, 30).Select(static i =>
        (JsonNode)new JsonObject { ["id"] = i, ["name"] = $"item {i}", ["state"] = "open", ["price"] = i * 1.5 })]).ToJsonString(new() { WriteIndented = true });

    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private SeveralGateways several = null!; // Set once before the tests, as the key.
    private string key = "";
    private int sessions;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        several = await SeveralGateways.StartAsync(2);
        await several.Gateways[0].TopUpAsync("wallet", 1000);
        key = await several.Gateways[0].CreateKeyAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        http.Dispose();
        if (several is not null)
            await several.DisposeAsync();
    }

    [Test]
    public async Task Bad_scores_pause_the_rule_on_every_gateway_within_a_second_and_over_a_restart()
    {
        await several.Gateways[0].PostAsync("/api/proxy-rules", """{"type":"compress","name":"slim","config":{"strength":"medium"}}""");
        await Task.Delay(TimeSpan.FromSeconds(1));
        var first = await CallAsync(0, NewSession());
        Assert.That(Text(first.Effect, "arm"), Is.EqualTo("none"), "nobody has scored yet");
        Assert.That(first.Effect["tokensSaved"]!.GetValue<long>(), Is.GreaterThan(0));
        await several.Gateways[0].PostAsync("/api/evals", $$"""{"receiptId":"{{first.Receipt}}","source":"user","thumbsUp":true}""");

        var arms = await ScoreUntilPausedAsync();
        var paused = Stopwatch.GetTimestamp();
        var other = await CallAsync(1, NewSession());
        while (Text(other.Effect, "arm") != "paused" && Stopwatch.GetElapsedTime(paused) < TimeSpan.FromSeconds(10))
            other = await CallAsync(1, NewSession());
        var waited = Stopwatch.GetElapsedTime(paused);
        await several.Gateways[1].KillAsync();
        await several.StartAgainAsync(1);
        var restarted = await CallAsync(1, NewSession());

        Assert.That(arms.Keys, Is.EquivalentTo(new[] { "treated", "control" }));
        Assert.That((double)arms["control"] / arms.Values.Sum(), Is.InRange(0.04, 0.25));
        Assert.That(waited, Is.LessThan(TimeSpan.FromSeconds(1)));
        Assert.That((Text(other.Effect, "strength"), Text(other.Effect, "wanted")), Is.EqualTo(("off", "medium")));
        Assert.That(Text(restarted.Effect, "arm"), Is.EqualTo("paused"));
        var detector = (await several.Gateways[1].GetAsync("/api/evals/watchdog"))["data"]!.AsArray().Single()!;
        Assert.That((Text(detector, "phase"), Text(detector, "strength")), Is.EqualTo(("paused", "medium")));
    }

    // The compressed answers are all bad, the others good: the third bucket must be enough.
    private async Task<Dictionary<string, int>> ScoreUntilPausedAsync()
    {
        var arms = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var round = 0; round < 80; round++)
        {
            var calls = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => CallAsync(i % 2, NewSession())));
            if (calls.Any(static call => Text(call.Effect, "arm") == "paused"))
                return arms;

            var scores = new JsonArray();
            foreach (var call in calls.Where(static call => Text(call.Effect, "arm") != "none"))
            {
                var arm = Text(call.Effect, "arm");
                arms[arm] = arms.GetValueOrDefault(arm) + 1;
                scores.Add((JsonNode)new JsonObject { ["receiptId"] = call.Receipt, ["source"] = "user", ["thumbsUp"] = arm == "control" });
            }

            if (scores.Count > 0)
                await several.Gateways[round % 2].PostAsync("/api/evals", new JsonObject { ["scores"] = scores }.ToJsonString());
            if ((await several.Gateways[0].GetAsync("/api/evals/watchdog"))["data"]!.AsArray().Any(static detector => Text(detector!, "phase") == "paused"))
                return arms;
        }

        throw new InvalidOperationException("800 scored calls did not pause the rule.");
    }

    private async Task<(string Receipt, JsonNode Effect)> CallAsync(int gateway, string session)
    {
        var body = new JsonObject
        {
            ["model"] = "fake/words",
            ["max_tokens"] = 10,
            ["messages"] = new JsonArray(
                new JsonObject { ["role"] = "user", ["content"] = "list them" },
                new JsonObject { ["role"] = "assistant", ["content"] = null, ["tool_calls"] = new JsonArray(new JsonObject { ["id"] = "t", ["type"] = "function", ["function"] = new JsonObject { ["name"] = "list", ["arguments"] = "{}" } }) },
                new JsonObject { ["role"] = "tool", ["tool_call_id"] = "t", ["content"] = ToolOutput },
                new JsonObject { ["role"] = "user", ["content"] = $"{session} 1 0" }),
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(several.Gateways[gateway].Address, "/v1/chat/completions"))
        {
            Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        request.Headers.Add("X-Session-Id", session);
        using var answer = await http.SendAsync(request);
        Assert.That((int)answer.StatusCode, Is.EqualTo(200), await answer.Content.ReadAsStringAsync());
        var receipt = answer.Headers.GetValues("x-gateway-receipt").Single();
        var rules = (await several.Gateways[gateway].GetAsync($"/api/receipts/{receipt}"))["rules"]!.AsArray();
        return (receipt, rules.Single(static rule => Text(rule!, "type") == "compress")!["effect"]!.DeepClone());
    }

    private string NewSession() => $"session-{Interlocked.Increment(ref sessions)}";

    private static string Text(JsonNode node, string name) => node[name]!.GetValue<string>();
}
