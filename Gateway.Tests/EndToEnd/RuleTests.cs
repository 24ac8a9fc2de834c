using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>Each rule type with the official openai npm package, streamed and not: what the provider got, what the client got, what the receipt says.</summary>
internal sealed class RuleTests : EndToEndFixture
{
    private readonly Dictionary<string, JsonNode> results = new(StringComparer.Ordinal);

    [OneTimeSetUp]
    public async Task CallAll()
    {
        await Gateway.CreateModelAsync("other", "official");
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", "other", "other-2");
        var calls = new JsonArray();
        foreach (var (type, config, members, script) in Rules)
        {
            await Gateway.PostAsync("/api/proxy-rules", $$"""{"type":"{{type}}","name":"{{type}}","tag":"{{type}}","config":{{config}}}""");
            var key = await Gateway.CreateKeyAsync($$""","tags":["{{type}}"]""");
            foreach (var streamed in (bool[])[false, true])
            {
                var body = (JsonObject)JsonNode.Parse(Conversation($"fake:id={type}-{streamed};count=3{script}", members))!;
                if (streamed)
                    body["stream"] = true;
                calls.Add(new JsonObject { ["key"] = key, ["body"] = body, ["times"] = 2 });
            }
        }

        var file = Path.Combine(Gateway.Folder, "calls.json");
        await File.WriteAllTextAsync(file, calls.ToJsonString());
        var answers = (await NodeScript.RunAsync("rules.mjs", ("OPENAI_BASE_URL", BaseUrl), ("OPENAI_API_KEY", Key), ("CALLS", file))).AsArray();
        var n = 0;
        foreach (var (type, _, _, _) in Rules)
        {
            foreach (var streamed in (bool[])[false, true])
            {
                for (var time = 1; time <= 2; time++)
                    results[$"{type}-{streamed}-{time}"] = answers[n++]!;
            }
        }
    }

    [Test]
    public async Task Model_override_calls_the_other_model([Values] bool streamed)
    {
        var receipt = await OfAsync("model_override", streamed);

        Assert.That(Sent("model_override", streamed)["model"]!.GetValue<string>(), Is.EqualTo("other-2"));
        Assert.That(receipt["requestedModel"]!.GetValue<string>(), Is.EqualTo(Model));
        Assert.That(receipt["routedModel"]!.GetValue<string>(), Is.EqualTo("fake/other"));
        Assert.That(Effect(receipt, "model_override").ToJsonString(), Is.EqualTo("""{"from":"fake/echo-1","to":"fake/other"}"""));
    }

    [Test]
    public async Task Max_tokens_cap_lowers_the_limit([Values] bool streamed)
    {
        var receipt = await OfAsync("max_tokens_cap", streamed);

        Assert.That(Sent("max_tokens_cap", streamed)["max_tokens"]!.GetValue<long>(), Is.EqualTo(50));
        Assert.That(Effect(receipt, "max_tokens_cap").ToJsonString(), Is.EqualTo("""{"maxTokens":50,"asked":900,"lowered":true}"""));
        Assert.That(receipt["hold"]!.GetValue<decimal>(), Is.LessThan(0.003m), "the hold is for what may be used");
    }

    [Test]
    public async Task Context_trim_drops_the_oldest_messages_and_keeps_the_last([Values] bool streamed)
    {
        var receipt = await OfAsync("context_trim", streamed);

        var sent = Sent("context_trim", streamed)["messages"]!.AsArray();
        Assert.That(sent[0]!["role"]!.GetValue<string>(), Is.EqualTo("system"));
        Assert.That(sent[^1]!["content"]!.GetValue<string>(), Does.StartWith($"fake:id=context_trim-{streamed}"));
        Assert.That(sent, Has.Count.LessThanOrEqualTo(9).And.Count.GreaterThan(2), "the system prompt and at most eight others");
        Assert.That(Effect(receipt, "context_trim")["dropped"]!.GetValue<int>(), Is.EqualTo(Messages - sent.Count));
    }

    [Test]
    public async Task Compress_slims_the_tool_output_and_nothing_of_the_users([Values] bool streamed)
    {
        var receipt = await OfAsync("compress", streamed);

        var sent = Sent("compress", streamed)["messages"]!.AsArray();
        var tool = sent.Single(static message => message!["role"]!.GetValue<string>() == "tool")!["content"]!.GetValue<string>();
        Assert.That(sent, Has.Count.EqualTo(Messages));
        Assert.That(tool, Has.Length.LessThan(ToolOutput.Length).And.Contains("order 39 of the long list"));
        Assert.That(sent[^1]!["content"]!.GetValue<string>(), Is.EqualTo($"fake:id=compress-{streamed};count=3"));
        Assert.That(Effect(receipt, "compress")["tokensSaved"]!.GetValue<long>(), Is.GreaterThan(100));
        Assert.That(Effect(receipt, "compress")["strength"]!.GetValue<string>(), Is.EqualTo("medium"));
    }

    [Test]
    public async Task Cache_enable_answers_the_second_time_for_nothing([Values] bool streamed)
    {
        var (first, second) = (results[$"cache_enable-{streamed}-1"], results[$"cache_enable-{streamed}-2"]);

        var (paid, free) = (await OfAsync("cache_enable", streamed, 1), await OfAsync("cache_enable", streamed, 2));

        Assert.That((first["cache"]!.GetValue<string>(), second["cache"]!.GetValue<string>()), Is.EqualTo(("miss", "hit")));
        Assert.That(second["text"]!.GetValue<string>(), Is.EqualTo(first["text"]!.GetValue<string>()).And.EqualTo("a a a"));
        Assert.That(second["finish"]!.GetValue<string>(), Is.EqualTo("stop"));
        Assert.That(Upstream.Calls[$"cache_enable-{streamed}"].Times, Is.EqualTo(1));
        Assert.That((free["outcome"]!.GetValue<string>(), free["cost"]!.GetValue<decimal>(), free["hold"]!.GetValue<decimal>()), Is.EqualTo(("cached", 0m, 0m)));
        Assert.That(free["attempts"]!.AsArray(), Is.Empty);
        Assert.That(Effect(free, "cache_enable")["status"]!.GetValue<string>(), Is.EqualTo("hit"));
        Assert.That(Effect(free, "cache_enable")["saved"]!["outputTokens"]!.GetValue<long>(), Is.EqualTo(3));
        Assert.That(Effect(paid, "cache_enable")["status"]!.GetValue<string>(), Is.EqualTo("miss"));
        Assert.That(paid["cost"]!.GetValue<decimal>(), Is.GreaterThan(0));
    }

    [Test]
    public async Task Fallback_chain_answers_from_the_other_model([Values] bool streamed)
    {
        var receipt = await OfAsync("fallback_chain", streamed);

        Assert.That(results[$"fallback_chain-{streamed}-1"]["text"]!.GetValue<string>(), Is.EqualTo("a a a"));
        Assert.That(receipt["routedModel"]!.GetValue<string>(), Is.EqualTo("fake/other"));
        Assert.That(receipt["attempts"]!.AsArray(), Has.Count.EqualTo(2));
    }

    private static readonly string ToolOutput = string.Concat(
        "[\n", string.Join(",\n", Enumerable.Range(0, 40).Select(static n => $$"""    {{"{"}} "id": {{n}}, "state": "shipped", "name": "order {{n}} of the long list" {{"}"}}""")), "\n]");

    private static (string Type, string Config, string Members, string Script)[] Rules =>
    [
        ("model_override", """{"fromModel":"fake/echo-1","toModel":"fake/other"}""", "", ""),
        ("max_tokens_cap", """{"maxTokens":50}""", ""","max_tokens":900""", ""),
        ("context_trim", """{"maxMessages":8}""", "", ""),
        ("compress", """{"strength":"medium"}""", "", ""),
        ("cache_enable", """{"ttlSeconds":60}""", "", ""),
        ("fallback_chain", """{"candidates":[{"provider":"fake","model":"other"}]}""", "", ";status=503;only=echo-1"),
    ];

    private const int Messages = 16;

    private static string Conversation(string script, string members)
    {
        var messages = new JsonArray { new JsonObject { ["role"] = "system", ["content"] = "You help with orders." } };
        for (var turn = 0; turn < 6; turn++)
        {
            messages.Add(new JsonObject { ["role"] = "user", ["content"] = $"What of order {turn}?" });
            messages.Add(new JsonObject { ["role"] = "assistant", ["content"] = $"Order {turn} is on its way." });
        }

        messages.Add(JsonNode.Parse("""{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"orders","arguments":"{}"}}]}"""));
        messages.Add(new JsonObject { ["role"] = "tool", ["tool_call_id"] = "call_1", ["content"] = ToolOutput });
        messages.Add(new JsonObject { ["role"] = "user", ["content"] = script });
        return $$"""{"model":"{{Model}}","messages":{{messages.ToJsonString()}}{{members}}}""";
    }

    private JsonNode Sent(string type, bool streamed) => Upstream.Calls[$"{type}-{streamed}"].Json;

    private Task<JsonNode> OfAsync(string type, bool streamed, int time = 1) =>
        Gateway.GetAsync($"/api/receipts/{results[$"{type}-{streamed}-{time}"]["receipt"]}");

    private static JsonNode Effect(JsonNode receipt, string type) => receipt["rules"]!.AsArray().Single(rule => rule!["type"]!.GetValue<string>() == type)!["effect"]!;
}
