using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>LangChain.js with its OpenAI package, unmodified.</summary>
internal sealed class LangChainSdkTests : NodeSdkFixture
{
    protected override string Script => "langchain.mjs";

    [TestCase("chat.text", "a a a")]
    [TestCase("chat.finish", "stop")]
    [TestCase("chat.usage.total_tokens", "27")]
    [TestCase("chain", "a a a a")]
    [TestCase("batch", """["a","a a"]""")]
    [TestCase("tools", """{"city":"Paris"}""")]
    [TestCase("object", """{"city":"Paris"}""")]
    [TestCase("stream.text", "a a a a a")]
    [TestCase("stream.finish", "stop")]
    [TestCase("stream.usage.output_tokens", "5")]
    [TestCase("streamTools.args", """{"city":"Paris"}""")]
    public void The_package_gets_what_the_upstream_said(string path, string expected) => Printed(path, expected);

    [TestCase("invalidKey", 401, "invalid_api_key")]
    [TestCase("poor", 402, "key_budget_exceeded")]
    [TestCase("unknownModel", 400, "unknown_model")]
    [TestCase("badSchema", 400, "invalid_function_parameters")]
    [TestCase("upstreamDown", 502, "upstream_error")]
    public void The_package_throws_with_status_and_code(string call, int status, string code)
    {
        Printed($"{call}.status", $"{status}");
        Printed($"{call}.code", code);
    }

    [Test]
    public void A_stream_that_breaks_throws() => Printed("broken.code", "stream_interrupted");

    [Test]
    public void A_call_that_is_rate_limited_is_repeated() => Printed("retried", "a a a");
}
