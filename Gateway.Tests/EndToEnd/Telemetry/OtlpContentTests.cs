using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd.Telemetry;

/// <summary>What an operator opts in to: what was said, and the names that the conventions are about to change to.</summary>
internal sealed class OtlpContentTests : TelemetryFixture
{
    protected override (string Name, string Value)[] Settings =>
    [
        .. base.Settings,
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true"),
        ("OTEL_SEMCONV_STABILITY_OPT_IN", "http,gen_ai_latest_experimental"),
    ];

    [OneTimeSetUp]
    public async Task AddAnthropicChannel()
    {
        await Gateway.CreateModelAsync("claude", "official");
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", "claude", "claude-up", ",\"preset\":\"anthropic\"");
    }

    [Test]
    public async Task What_was_said_is_on_the_attempt([Values("", ",\"stream\":true")] string members)
    {
        var (id, body) = Request("count=3", members);

        var (_, trace) = await TraceAsync(body);

        var attempt = trace.Attempts.Single();
        Assert.That(Json(attempt, "gen_ai.input.messages"), Is.EqualTo($$"""[{"role":"user","parts":[{"type":"text","content":"fake:id={{id}};count=3"}]}]"""));
        Assert.That(Json(attempt, "gen_ai.output.messages"), Is.EqualTo("""[{"role":"assistant","parts":[{"type":"text","content":"a a a"}],"finish_reason":"stop"}]"""));
        Assert.That(attempt.Text("gateway.content.truncated"), Is.Null);
    }

    [Test]
    public async Task The_tools_that_a_model_asks_for_are_on_the_attempt([Values("", ",\"stream\":true")] string members)
    {
        var (_, trace) = await TraceAsync(Request("mode=tools", $",\"tools\":[{{\"type\":\"function\",\"function\":{{\"name\":\"weather\"}}}}]{members}").Body);

        var attempt = trace.Attempts.Single();
        Assert.That(Json(attempt, "gen_ai.tool.definitions"), Is.EqualTo("""[{"type":"function","name":"weather"}]"""));
        Assert.That(Json(attempt, "gen_ai.output.messages"), Does.Contain("""{"type":"tool_call","id":"call_1","name":"weather","arguments":{"city":"""));
    }

    [Test]
    public async Task Tokens_written_to_a_cache_have_their_newer_name()
    {
        var (_, trace) = await TraceAsync(Request("in=4;read=15;write=5;count=10", ",\"max_tokens\":100", "fake/claude").Body, "/v1/messages");

        var attempt = trace.Attempts.Single();
        Assert.That((attempt.Number("gen_ai.usage.cache_write.input_tokens"), attempt.Number("gen_ai.usage.cache_read.input_tokens")), Is.EqualTo((5m, 15m)), trace.ToString());
        Assert.That(attempt.Text("gen_ai.usage.cache_creation.input_tokens"), Is.Null);
        Assert.That(Json(attempt, "gen_ai.output.messages"), Does.StartWith("""[{"role":"assistant","parts":[{"type":"text","content":"a a"""));
    }

    // An exporter may send it as text or as values.
    private static string? Json(OtlpSpan span, string attribute) => span.Attributes[attribute] is { } value ? value is JsonValue ? value.GetValue<string>() : value.ToJsonString() : null;
}
