using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>Shadow pairs with a real provider: a workspace that agrees to pay for them gets scores without anybody's feedback.</summary>
internal sealed class ShadowPairTests : EndToEndFixture
{
    // At the highest rate, 5 %, none of so many is drawn once in 28,000 runs.
    private const int Calls = 200;

    [Test]
    public async Task Drawn_calls_are_asked_again_both_ways_paid_by_the_account_and_scored()
    {
        await Gateway.PostAsync("/api/proxy-rules", """{"type":"compress","name":"slim","tag":"slim","config":{"strength":"medium"}}""");
        await Gateway.PatchAsync("/api/workspace", """{"shadowRate":0.05}""");
        var key = await Gateway.CreateKeyAsync(""","tags":["slim"],"memberId":"mem_shadow" """);
        Client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        var table = string.Concat(Enumerable.Range(0, 40).Select(static n => $"{{ \\\"id\\\": {n},   \\\"state\\\": \\\"shipped\\\" }},\\n"));

        await Parallel.ForEachAsync(Enumerable.Range(0, Calls), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (n, _) =>
        {
            var answer = await PostAsync($$$"""
                {"model":"{{{Model}}}","user":"u{{{n}}}","messages":[{"role":"user","content":"fake:id=s{{{n}}};count=4"},
                {"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
                {"role":"tool","tool_call_id":"c","content":"[{{{table}}}{\"id\":99,\"state\":\"shipped\"}]"}]}
                """);
            Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        });

        var scores = await ScoresAsync();
        Assert.That(scores, Is.Not.Empty, "a pair was scored");
        Assert.That(scores[0]!["source"]!.GetValue<string>(), Is.EqualTo("shadow"));
        Assert.That(scores[0]!["score"]!.GetValue<decimal>(), Is.EqualTo(1), "the fake says the same each time");
        var receiptId = scores[0]!["receiptId"]!.GetValue<string>();
        var receipt = await Gateway.GetAsync($"/api/receipts/{receiptId}");
        Assert.That(receipt["rules"]![0]!["effect"]!["tokensSaved"]!.GetValue<long>(), Is.GreaterThan(0));
        var entries = (await Gateway.GetAsync("/api/entries?account=acc_default&limit=200"))["data"]!.AsArray();
        var shadows = 0;
        foreach (var reference in entries.Select(static entry => entry!["reference"]!.GetValue<string>()).Where(static reference => reference.StartsWith("ul_", StringComparison.Ordinal)).Distinct())
        {
            var shadow = await Gateway.GetAsync($"/api/receipts/{reference}");
            if (!shadow["tags"]!.AsArray().Any(static tag => tag!.GetValue<string>() == "gateway:shadow"))
                continue;
            Assert.That(shadow["memberId"]?.GetValue<string>(), Is.EqualTo("mem_shadow"), "it counts against the member's allowance, like any call of the key");
            shadows++;
        }

        Assert.That(shadows, Is.GreaterThanOrEqualTo(2), "each has a receipt of its own, and was charged");
        Assert.That(Upstream.Calls.Values.Max(static call => call.Times), Is.EqualTo(3), "one for the client, two to compare");
    }

    private async Task<JsonArray> ScoresAsync()
    {
        for (var n = 0; n < 100; n++)
        {
            var scores = (await Gateway.GetAsync("/api/evals"))["data"]!.AsArray();
            if (scores.Count > 0)
                return scores;
            await Task.Delay(100);
        }

        return [];
    }
}
