using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>The Vercel AI SDK, unmodified, with its OpenAI provider and its provider for compatible APIs.</summary>
internal sealed class VercelSdkTests : NodeSdkFixture
{
    protected override string Script => "vercel.mjs";

    [TestCase("chat.text", "a a a")]
    [TestCase("chat.finish", "stop")]
    [TestCase("chat.usage.totalTokens", "27")]
    [TestCase("tools.finish", "tool-calls")]
    [TestCase("tools.input", """{"city":"Paris"}""")]
    [TestCase("steps", "2")]
    [TestCase("object", """{"city":"Paris"}""")]
    [TestCase("stream.text", "a a a a a")]
    [TestCase("stream.finish", "stop")]
    [TestCase("stream.usage.outputTokens", "5")]
    [TestCase("stream.errors", "[]")]
    [TestCase("streamTools.inputs", """[{"city":"Paris"}]""")]
    [TestCase("streamTools.finish", "tool-calls")]
    [TestCase("broken.text", "a a a")]
    public void Both_providers_get_what_the_upstream_said(string path, string expected)
    {
        Printed($"openai.{path}", expected);
        Printed($"compatible.{path}", expected);
    }

    [TestCase("invalidKey", 401, "invalid_api_key", false)]
    [TestCase("poor", 402, "key_budget_exceeded", false)]
    [TestCase("unknownModel", 400, "unknown_model", false)]
    [TestCase("badSchema", 400, "invalid_function_parameters", false)]
    [TestCase("upstreamDown", 502, "upstream_error", true)]
    public void Both_providers_throw_and_know_whether_a_retry_helps(string call, int status, string code, bool retryable)
    {
        foreach (var provider in (string[])["openai", "compatible"])
        {
            Threw($"{provider}.{call}", "AI_APICallError", status, code);
            Printed($"{provider}.{call}.retryable", retryable ? "true" : "false");
            Assert.That(Find($"{provider}.{call}.message")!.GetValue<string>(), Is.Not.Empty);
        }
    }

    [Test]
    public void A_stream_that_breaks_is_an_error_part()
    {
        Assert.That(Find("openai.broken.errors")!.AsArray(), Has.Count.EqualTo(1));
        Assert.That(Find("compatible.broken.errors")!.AsArray(), Has.Count.EqualTo(1));
    }

    [Test]
    public void A_call_that_is_rate_limited_is_repeated_after_the_seconds_that_the_error_names() => Printed("retried", "a a a");

    [Test]
    public void The_receipt_is_among_the_headers() => Assert.That(Find("openai.chat.receipt")!.GetValue<string>(), Does.StartWith("ul_"));
}
