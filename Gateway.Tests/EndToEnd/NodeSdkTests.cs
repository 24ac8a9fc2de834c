using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>The official openai npm package, unmodified; <c>npm ci</c> in the folder <c>node</c> comes first.</summary>
internal sealed class NodeSdkTests : NodeSdkFixture
{
    protected override string Script => "sdk.mjs";

    [TestCase("chat.text", "a a a")]
    [TestCase("chat.usage.completion_tokens", "3")]
    [TestCase("tools.arguments", """{"city":"Paris"}""")]
    [TestCase("stream.text", "a a a a a")]
    [TestCase("stream.finish", "stop")]
    [TestCase("stream.usage", null)]
    [TestCase("stream.nullUsages", "0")]
    [TestCase("streamWithUsage.usage.total_tokens", "29")]
    [TestCase("streamTools.arguments", """{"city":"Paris"}""")]
    [TestCase("streamTools.finish", "tool_calls")]
    [TestCase("model", Model)]
    [TestCase("repeated", "true")]
    public void The_package_gets_what_the_provider_said(string path, string? expected) => Assert.That(Find(path)?.ToString(), Is.EqualTo(expected));

    [TestCase("upstreamDown", "InternalServerError", 502, "upstream_error")]
    [TestCase("rateLimited", "RateLimitError", 429, "upstream_rate_limited")]
    [TestCase("badSchema", "BadRequestError", 400, "invalid_function_parameters")]
    [TestCase("unknownModel", "BadRequestError", 400, "unknown_model")]
    [TestCase("invalidKey", "AuthenticationError", 401, "invalid_api_key")]
    public void The_package_throws_its_own_error_class(string call, string errorClass, int status, string code)
    {
        var error = Find(call)!;

        Assert.That((error["class"]!.GetValue<string>(), error["status"]!.GetValue<int>(), error["code"]!.GetValue<string>()), Is.EqualTo((errorClass, status, code)));
        Assert.That(error["requestId"]!.GetValue<string>(), Does.StartWith("req_"));
    }

    [Test]
    public void The_package_throws_when_a_stream_breaks() => Assert.That(Find("broken")!["code"]!.GetValue<string>(), Is.EqualTo("stream_interrupted"));

    [Test]
    public void The_package_sees_the_cost() => Assert.That(Find("chat.usage.cost")!.GetValue<decimal>(), Is.EqualTo(0.000042m));

    [Test]
    public void The_package_lists_the_models() => Assert.That(Find("models")!.AsArray().Select(static id => id!.GetValue<string>()), Does.Contain(Model));
}
