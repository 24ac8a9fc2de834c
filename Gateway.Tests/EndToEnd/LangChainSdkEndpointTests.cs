using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>LangChain.js with its OpenAI package, unmodified: everything beyond chat.</summary>
internal sealed class LangChainSdkEndpointTests : NodeSdkFixture
{
    protected override string Script => "langchain-endpoints.mjs";

    [TestCase("response.text", "a a a")]
    [TestCase("response.usage.total_tokens", "27")]
    [TestCase("tools", """{"city":"Paris"}""")]
    [TestCase("stream.text", "a a a a a")]
    [TestCase("stream.usage.output_tokens", "5")]
    [TestCase("completion", "a a a")]
    [TestCase("query", "4")]
    [TestCase("documents", "2")]
    public void The_package_gets_what_the_upstream_said(string path, string expected) => Printed(path, expected);

    protected override Task<(string Name, string Value)[]> PrepareAsync() => EndpointModels.CreateAsync(Gateway, Upstream.BaseUrl);
}
