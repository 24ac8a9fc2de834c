using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd.Telemetry;

/// <summary>However a call ends, its trace is one whole tree, and only what is this server's fault is an error of the server span.</summary>
internal sealed class TraceEndingTests : TelemetryFixture
{
    private const string Streamed = ",\"stream\":true";
    private static readonly string[] Admitted = ["rules", "admission", "settlement", "recording"];

    [OneTimeSetUp]
    public async Task AddModelsAndRules()
    {
        await EndpointModels.CreateAsync(Gateway, Upstream.BaseUrl);
        await Gateway.CreateModelAsync("slow", "official");
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", "slow", "slow", ",\"firstByteTimeoutMs\":200");
        await Gateway.CreateModelAsync("hedged", "official");
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", "hedged", "late", ",\"hedgeAfterMs\":50");
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", "hedged", "soon", ",\"priority\":1");
        await RuleAsync("fallback_chain", "chain", """{"candidates":[{"provider":"fake","model":"hedged"}]}""");
        await RuleAsync("cache_enable", "cached", """{"ttlSeconds":600}""");
        await RuleAsync("max_tokens_cap", "slim", """{"maxTokens":50}""");
        await RuleAsync("compress", "slim", """{"strength":"medium"}""");
    }

    [Test]
    public async Task A_plain_call_has_its_steps_and_one_attempt([Values("", Streamed)] string members)
    {
        var (answer, trace) = await TraceAsync(Request("count=3", members).Body);

        Assert.That((answer.Status, trace.Server.Status), Is.EqualTo((200, "unset")));
        Assert.That(trace.Steps, Is.EqualTo(new[] { "admission", "settlement", "recording" }), trace.ToString());
        Assert.That(trace.Attempts.Select(static attempt => attempt.Name), Is.EqualTo(new[] { "chat echo-1" }));
        Assert.That(trace.Attempts[0].Number("gen_ai.usage.output_tokens"), Is.EqualTo(3));
    }

    [Test]
    public async Task A_client_that_hangs_up_mid_stream_leaves_a_whole_trace()
    {
        var caller = Caller.New();
        var body = Encoding.UTF8.GetBytes(Request("count=1000;pause=5", Streamed).Body);
        using (var client = await RawHttp.SendAsync(Gateway.Address, RawHttp.Post(Key, body, $"traceparent: {caller.TraceParent}\r\n")))
            await client.ReadAsync(2000);

        var trace = await Receiver.TraceAsync(caller.TraceId);

        trace.IsWhole(caller.SpanId);
        Assert.That((trace.Server.Text("gateway.outcome"), trace.Server.Status), Is.EqualTo(("client_closed", "unset")), trace.ToString());
        Assert.That(trace.Attempts, Has.Count.EqualTo(1));
        Assert.That(trace.Steps, Does.Contain("settlement").And.Contain("recording"));
    }

    [Test]
    public async Task A_key_that_is_not_known_makes_one_span()
    {
        var (answer, trace) = await TraceAsync(Request().Body, key: "tw_nobody");

        Assert.That((answer.Status, trace.Spans.Count, trace.Server.Status), Is.EqualTo((401, 1, "unset")), trace.ToString());
        Assert.That((trace.Server.Number("http.response.status_code"), trace.Server.Text("gateway.error.code"), trace.Server.Text("error.type")), Is.EqualTo((401m, "invalid_api_key", (string?)null)));
    }

    [Test]
    public async Task A_call_that_nobody_can_pay_ends_at_its_admission()
    {
        var (answer, trace) = await TraceAsync(Request(model: "fake/scarce").Body);

        Assert.That((answer.Status, trace.Server.Status, trace.Server.Text("gateway.error.code")), Is.EqualTo((402, "unset", "insufficient_balance")));
        Assert.That(trace.Steps, Is.EqualTo(new[] { "admission" }), trace.ToString());
        Assert.That((trace.Named("admission").Text("error.type"), trace.Named("admission").Status), Is.EqualTo(("insufficient_balance", "unset")));
    }

    [Test]
    public async Task A_call_beyond_its_rate_ends_at_its_admission()
    {
        var key = (await Gateway.PostAsync("/api/keys", """{"name":"slow","kind":"inference","rateLimit":{"burst":1,"refillPerSecond":0.001}}"""))["key"]!.GetValue<string>();
        await TraceAsync(Request("count=1").Body, key: key);

        var (answer, trace) = await TraceAsync(Request("count=1").Body, key: key);

        Assert.That((answer.Status, trace.Server.Status, trace.Server.Text("gateway.error.code")), Is.EqualTo((429, "unset", "rate_limit_exceeded")));
        Assert.That(trace.Named("admission").Text("error.type"), Is.EqualTo("rate_limit_exceeded"));
        Assert.That(trace.Attempts, Is.Empty);
    }

    [Test]
    public async Task An_upstream_that_does_not_answer_in_time_is_an_error_of_the_attempt_and_of_the_server()
    {
        var (answer, trace) = await TraceAsync(Request("pause=3000", model: "fake/slow").Body);

        Assert.That((answer.Status, trace.Server.Status, trace.Server.Text("error.type")), Is.EqualTo((504, "error", "504")));
        Assert.That(trace.Attempts.Select(static attempt => (attempt.Status, attempt.Text("error.type"))), Is.EqualTo(new[] { ("error", "timeout") }));
        Assert.That(trace.Attempts[0].End - trace.Attempts[0].Start, Is.GreaterThanOrEqualTo(190_000_000L));
    }

    [Test]
    public async Task A_chain_of_which_nobody_answers_shows_every_attempt([Values("", Streamed)] string members)
    {
        var (answer, trace) = await TraceAsync(Request("status=500", members).Body, headers: ("X-Gateway-Tag", "chain"));

        Assert.That((answer.Status, trace.Server.Status, trace.Server.Text("error.type"), trace.Server.Text("gateway.outcome")), Is.EqualTo((502, "error", "502", "failed")));
        Assert.That(trace.Attempts.Select(static attempt => attempt.Name), Is.EqualTo(new[] { "chat echo-1", "chat late", "chat soon" }));
        Assert.That(trace.Attempts.Select(static attempt => (attempt.Status, attempt.Text("error.type"))), Is.All.EqualTo(("error", "upstream_error")));
        Assert.That(trace.Steps, Is.EqualTo(Admitted));
        Assert.That(trace.Server.Number("gateway.cost"), Is.Zero);
    }

    [Test]
    public async Task A_stream_that_breaks_is_an_error_of_the_attempt()
    {
        var (answer, trace) = await TraceAsync(Request("mode=break;count=3", Streamed).Body);

        Assert.That(answer.Text, Does.Contain("stream_interrupted"));
        Assert.That(trace.Server.Text("gateway.outcome"), Is.EqualTo("interrupted"));
        Assert.That(trace.Attempts.Select(static attempt => attempt.Status), Is.EqualTo(new[] { "error" }), trace.ToString());
        Assert.That(trace.Attempts[0].Text("error.type"), Is.Not.Null.And.Not.Empty);
    }

    [Test]
    public async Task An_answer_from_the_cache_has_no_attempt([Values("", Streamed)] string members)
    {
        var body = Request("count=3", members).Body;
        var (_, miss) = await TraceAsync(body, headers: ("X-Gateway-Tag", "cached"));

        var (answer, hit) = await TraceAsync(body, headers: ("X-Gateway-Tag", "cached"));

        Assert.That(answer.Header("x-gateway-cache"), Is.EqualTo("hit"));
        Assert.That((miss.Named("cache").Text("gateway.cache.status"), miss.Attempts.Count), Is.EqualTo(("miss", 1)), miss.ToString());
        Assert.That((hit.Named("cache").Text("gateway.cache.status"), hit.Attempts.Count), Is.EqualTo(("hit", 0)), hit.ToString());
        Assert.That((hit.Server.Text("gateway.cache.status"), hit.Server.Text("gateway.outcome"), hit.Server.Number("gateway.cost")), Is.EqualTo(("hit", "cached", 0m)));
        Assert.That(hit.Steps, Is.EqualTo(new[] { "rules", "admission", "cache", "settlement", "recording" }), hit.ToString());
    }

    [Test]
    public async Task A_call_that_is_repeated_makes_one_span()
    {
        var body = Request("count=3").Body;
        await TraceAsync(body, headers: ("Idempotency-Key", "again"));

        var (answer, trace) = await TraceAsync(body, headers: ("Idempotency-Key", "again"));

        Assert.That((answer.Header("idempotent-replayed"), trace.Attempts.Count, trace.Server.Status), Is.EqualTo(("true", 0, "unset")), trace.ToString());
        Assert.That(trace.Spans.Select(static span => span.Name), Has.No.Member("settlement").And.No.Member("recording"), trace.ToString());
    }

    [Test]
    public async Task Both_attempts_of_a_hedged_call_are_ended([Values(false, true)] bool streamed)
    {
        var script = $"{(streamed ? "mode=late;" : "")}pause=1500;only=late;count=3";

        var (answer, trace) = await TraceAsync(Request(script, streamed ? Streamed : "", "fake/hedged").Body);

        Assert.That((answer.Status, trace.Server.Status), Is.EqualTo((200, "unset")), answer.Text);
        Assert.That(trace.Attempts.Select(static attempt => (attempt.Name, attempt.Text("error.type"))), Is.EqualTo(new[] { ("chat late", "hedged"), ("chat soon", null) }), trace.ToString());
        Assert.That(trace.Attempts[1].Number("gen_ai.usage.output_tokens"), Is.EqualTo(3));
        Assert.That(trace.Attempts[0].Attributes.Select(static attribute => attribute.Key), Has.None.StartsWith("gen_ai.usage"));
    }

    [Test]
    public async Task The_rules_span_says_what_each_rule_did()
    {
        var orders = Enumerable.Range(0, 60).Select(static n => $"    {{ 'id': {n}, 'state': 'shipped', 'name': 'order {n} of the long list' }}".Replace('\'', '"'));
        var conversation = JsonNode.Parse(Request("count=3", ",\"max_tokens\":900").Body)!;
        var messages = conversation["messages"]!.AsArray();
        messages.Insert(0, JsonNode.Parse("""{"role":"user","content":"List them."}"""));
        messages.Insert(1, JsonNode.Parse("""{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"orders","arguments":"{}"}}]}"""));
        messages.Insert(2, new JsonObject { ["role"] = "tool", ["tool_call_id"] = "c1", ["content"] = $"[\n{string.Join(",\n", orders)}\n]" });

        var (answer, trace) = await TraceAsync(conversation.ToJsonString(), headers: ("X-Gateway-Tag", "slim"));

        var receipt = await ReceiptAsync(answer);
        var rules = trace.Named("rules").Events;
        Assert.That(rules.Select(static rule => rule.Attributes["gateway.rule.type"]!.ToString()), Is.EqualTo(new[] { "max_tokens_cap", "compress" }), trace.ToString());
        Assert.That(rules.Select(static rule => rule.Attributes["gateway.rule.id"]!.ToString()), Is.EqualTo(receipt["rules"]!.AsArray().Select(static rule => rule!["id"]!.GetValue<string>())));
        Assert.That(rules[1].Attributes["gateway.compress.strength"]!.ToString(), Is.EqualTo("medium"));
        Assert.That(rules[1].Attributes["gateway.compress.tokens_saved"]!.GetValue<decimal>(), Is.EqualTo(receipt["rules"]![1]!["effect"]!["tokensSaved"]!.GetValue<decimal>()).And.GreaterThan(0));
    }

    [Test]
    public async Task A_call_of_another_API_is_named_after_its_route_and_its_operation()
    {
        var messages = await TraceAsync(Request("in=24;count=3", ",\"max_tokens\":100").Body, "/v1/messages");
        var embedding = await TraceAsync("""{"model":"fake/embedding","input":"fake:id=embed;in=7"}""", "/v1/embeddings");

        Assert.That((messages.Answer.Status, messages.Trace.Server.Name, messages.Trace.Attempts.Single().Name), Is.EqualTo((200, "POST /v1/messages", "chat echo-1")));
        Assert.That((embedding.Answer.Status, embedding.Trace.Server.Name, embedding.Trace.Attempts.Single().Name), Is.EqualTo((200, "POST /v1/embeddings", "embeddings embedding")));
        Assert.That(embedding.Trace.Attempts[0].Number("gen_ai.usage.input_tokens"), Is.EqualTo(7));
        Assert.That(embedding.Trace.Attempts[0].Text("gen_ai.usage.output_tokens"), Is.Null);
    }

    private async Task RuleAsync(string type, string tag, string config) =>
        await Gateway.PostAsync("/api/proxy-rules", $$"""{"type":"{{type}}","name":"{{tag}}-{{type}}","tag":"{{tag}}","config":{{config}}}""");
}
