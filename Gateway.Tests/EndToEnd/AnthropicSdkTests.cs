using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>The official Anthropic package and the Vercel AI SDK's Anthropic provider, unmodified, whatever API the upstream speaks.</summary>
[TestFixture("anthropic", "/v1")]
[TestFixture("openai", "/v1")]
[TestFixture("gemini", "/v1beta")]
internal sealed class AnthropicSdkTests(string preset, string path) : NodeSdkFixture
{
    protected override string Script => "anthropic.mjs";

    [TestCase("message.type", "message")]
    [TestCase("message.role", "assistant")]
    [TestCase("message.text", "a a a")]
    [TestCase("message.stop", "end_turn")]
    [TestCase("message.usage.input_tokens", "24")]
    [TestCase("message.usage.output_tokens", "3")]
    [TestCase("tools.stop", "tool_use")]
    [TestCase("tools.input", """{"city":"Paris"}""")]
    [TestCase("stream.text", "a a a a a")]
    [TestCase("stream.deltas", "5")]
    [TestCase("stream.stop", "end_turn")]
    [TestCase("stream.usage.output_tokens", "5")]
    [TestCase("stream.first", "message_start")]
    [TestCase("stream.last", "message_stop")]
    [TestCase("streamTools.stop", "tool_use")]
    [TestCase("streamTools.input", """{"city":"Paris"}""")]
    [TestCase("vercel.text", "a a a")]
    [TestCase("vercel.finish", "stop")]
    [TestCase("vercel.usage.outputTokens", "3")]
    [TestCase("vercel.input", """{"city":"Paris"}""")]
    [TestCase("vercel.stream", "a a a a a")]
    [TestCase("vercel.streamUsage.outputTokens", "5")]
    public void The_packages_get_what_the_upstream_said(string path, string expected) => Printed(path, expected);

    [TestCase("invalidKey", "AuthenticationError", 401, "authentication_error")]
    [TestCase("poor", "PaymentRequiredError", 402, "billing_error")]
    [TestCase("noMaxTokens", "BadRequestError", 400, "invalid_request_error")]
    [TestCase("upstreamDown", "InternalServerError", 502, "api_error")]
    public void The_package_throws_its_own_error_class(string call, string errorClass, int status, string type)
    {
        Printed($"{call}.class", errorClass);
        Printed($"{call}.status", $"{status}");
        Printed($"{call}.type", type);
    }

    [Test]
    public void The_package_learns_of_an_unknown_model() => Assert.That(Find("unknownModel.status")!.GetValue<int>(), Is.EqualTo(400).Or.EqualTo(404));

    [Test]
    public void The_package_throws_when_a_stream_breaks() => Assert.That(Find("broken"), Is.Not.Null);

    [Test]
    public void The_package_counts_tokens() => Assert.That(Find("counted")!.GetValue<int>(), Is.InRange(1, 40));

    [Test]
    public void The_receipt_is_among_the_headers() => Assert.That(Find("message.receipt")!.GetValue<string>(), Does.StartWith("ul_"));

    protected override async Task<(string Name, string Value)[]> PrepareAsync()
    {
        var baseUrl = new Uri(new Uri(Upstream.BaseUrl), path).ToString();
        foreach (var model in (string[])["claude", "claude-failing"])
        {
            await Gateway.CreateModelAsync(model, "official");
            await Gateway.CreateChannelAsync(baseUrl, "official", model, model, $",\"preset\":\"{preset}\"");
        }

        return [("MODEL", "fake/claude"), ("FAILING_MODEL", "fake/claude-failing")];
    }
}
