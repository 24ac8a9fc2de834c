using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd.Telemetry;

/// <summary>The trace of one streamed call whose first model fails and whose second answers, held against its receipt.</summary>
internal sealed class FallbackTraceTests : TelemetryFixture
{
    private OtlpTrace trace = null!;
    private JsonNode receipt = null!;

    [OneTimeSetUp]
    public async Task CallOnce()
    {
        await Gateway.CreateModelAsync("dear", "official");
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", "dear", "dear-up");
        await Gateway.PostAsync("/api/proxy-rules", """{"type":"fallback_chain","name":"to-dear","tag":"to-dear","config":{"candidates":[{"provider":"fake","model":"dear"}]}}""");
        var body = Request("status=503;only=echo-1;count=10", ",\"stream\":true,\"max_tokens\":50").Body;

        var answer = await SendAsync(body, headers: [("X-Gateway-Tag", "to-dear"), ("X-Run-Id", "run-7")]);

        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        receipt = await ReceiptAsync(answer);
        trace = await Receiver.TraceAsync(receipt["traceId"]!.GetValue<string>());
    }

    [Test]
    public void It_is_one_tree_below_the_server_span()
    {
        trace.IsWhole();
        Assert.That((trace.Server.Name, trace.Server.Status), Is.EqualTo(("POST /v1/chat/completions", "unset")));
        Assert.That(trace.Steps, Is.EqualTo(new[] { "rules", "admission", "settlement", "recording" }));
        Assert.That(trace.Attempts.Select(static span => span.Name), Is.EqualTo(new[] { "chat echo-1", "chat dear-up" }));
        Assert.That(trace.Spans, Has.Count.EqualTo(7));
        Assert.That(trace.Spans.Where(static span => span.Kind != "server").Select(static span => span.ParentId).Distinct(), Is.EqualTo(new[] { trace.Server.SpanId }));
    }

    [Test]
    public void Its_spans_follow_one_another()
    {
        var (rules, admission, settlement, recording) = (trace.Named("rules"), trace.Named("admission"), trace.Named("settlement"), trace.Named("recording"));

        Assert.That(rules.End, Is.LessThanOrEqualTo(admission.Start));
        Assert.That(admission.End, Is.LessThanOrEqualTo(trace.Attempts[0].Start));
        Assert.That(trace.Attempts[0].End, Is.LessThanOrEqualTo(trace.Attempts[1].Start));
        Assert.That(settlement.Start, Is.GreaterThanOrEqualTo(trace.Attempts[1].Start));
        Assert.That(recording.Start, Is.GreaterThanOrEqualTo(settlement.End));
    }

    [Test]
    public void The_attempt_that_failed_says_why()
    {
        var failed = trace.Attempts[0];

        Assert.That((failed.Status, failed.Text("error.type"), failed.Number("http.response.status_code")), Is.EqualTo(("error", "upstream_error", 503)));
        Assert.That(failed.Attributes.Select(static attribute => attribute.Key), Has.None.StartsWith("gen_ai.usage").And.None.StartsWith("gen_ai.response"));
    }

    [Test]
    public void Every_attempt_has_what_the_conventions_require()
    {
        var channels = receipt["attempts"]!.AsArray().Select(static attempt => attempt!["channel"]!.GetValue<string>());

        foreach (var (attempt, model) in trace.Attempts.Zip(["echo-1", "dear-up"]))
        {
            Assert.That((attempt.Text("gen_ai.operation.name"), attempt.Text("gen_ai.provider.name"), attempt.Text("gen_ai.request.model")), Is.EqualTo(("chat", "fake", model)));
            Assert.That((attempt.Text("gen_ai.request.stream"), attempt.Number("gen_ai.request.max_tokens")), Is.EqualTo(("true", 50)));
            Assert.That((attempt.Text("server.address"), attempt.Number("server.port")), Is.EqualTo(("127.0.0.1", (decimal)new Uri(Upstream.BaseUrl).Port)));
        }

        Assert.That(trace.Attempts.Select(static attempt => attempt.Text("gateway.channel")), Is.EqualTo(channels));
        Assert.That(trace.Attempts.Select(static attempt => attempt.Number("gateway.attempt.number")), Is.EqualTo(new[] { 1m, 2m }));
    }

    [Test]
    public void The_attempt_that_answered_has_the_usage_of_the_receipt()
    {
        var answered = trace.Attempts[1];

        Assert.That((answered.Status, answered.Text("error.type")), Is.EqualTo(("unset", (string?)null)));
        Assert.That(answered.Number("gen_ai.usage.input_tokens"), Is.EqualTo(receipt["usage"]!["inputTokens"]!.GetValue<decimal>()).And.EqualTo(24));
        Assert.That(answered.Number("gen_ai.usage.output_tokens"), Is.EqualTo(receipt["usage"]!["outputTokens"]!.GetValue<decimal>()).And.EqualTo(10));
        Assert.That(answered.Text("gen_ai.response.model"), Is.EqualTo(receipt["reportedModel"]!.GetValue<string>()));
        Assert.That(answered.Number("gen_ai.response.time_to_first_chunk"), Is.GreaterThan(0));
    }

    [Test]
    public void Its_cost_is_that_of_the_receipt_to_the_nano_credit()
    {
        // 24 prompt tokens at 1.4 and 10 completion tokens at 2.8 a million.
        const decimal cost = 0.0000616m;

        Assert.That(receipt["cost"]!.GetValue<decimal>(), Is.EqualTo(cost));
        Assert.That(Math.Round(trace.Server.Number("gateway.cost")!.Value, 9), Is.EqualTo(cost));
        Assert.That(Math.Round(trace.Named("settlement").Number("gateway.cost")!.Value, 9), Is.EqualTo(cost));
        Assert.That(Math.Round(trace.Named("admission").Number("gateway.hold.amount")!.Value, 9), Is.GreaterThanOrEqualTo(cost));
    }

    [Test]
    public void The_server_span_names_the_receipt_and_who_paid()
    {
        var server = trace.Server;

        Assert.That(server.Text("gateway.receipt.id"), Is.EqualTo(receipt["id"]!.GetValue<string>()));
        Assert.That((server.Text("gateway.outcome"), server.Number("gateway.attempts"), server.Text("gateway.fallback.used")), Is.EqualTo(("complete", 2m, "true")));
        Assert.That((server.Text("gateway.model.requested"), server.Text("gateway.model.routed")), Is.EqualTo((Model, "fake/dear")));
        Assert.That((server.Text("gateway.workspace"), server.Text("gateway.key.id"), server.Text("gateway.run.id")), Is.EqualTo(("ws_default", receipt["keyId"]!.GetValue<string>(), "run-7")));
        Assert.That(server.Text("gateway.account"), Does.StartWith("acc_"));
        Assert.That(server.Attributes["gateway.tags"]!.ToJsonString(), Is.EqualTo("""["to-dear"]"""));
        Assert.That((server.Text("http.request.method"), server.Text("http.route"), server.Number("http.response.status_code")), Is.EqualTo(("POST", Chat, 200m)));
    }

    [Test]
    public void The_process_says_what_it_is()
    {
        Assert.That(trace.Spans.Select(static span => span.Resource["service.name"]?.ToString()), Is.All.EqualTo("gateway"));
        Assert.That(trace.Spans.Select(static span => span.Scope).Distinct(), Is.EquivalentTo(new[] { "Gateway", "Gateway.Ledger" }));
    }
}
