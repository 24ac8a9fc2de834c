using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>The Vercel AI SDK, unmodified: everything beyond chat.</summary>
internal sealed class VercelSdkEndpointTests : NodeSdkFixture
{
    protected override string Script => "vercel-endpoints.mjs";

    [TestCase("response.text", "a a a")]
    [TestCase("response.finish", "stop")]
    [TestCase("response.usage.totalTokens", "27")]
    [TestCase("tools", """{"city":"Paris"}""")]
    [TestCase("object", """{"city":"Paris"}""")]
    [TestCase("stream.text", "a a a a a")]
    [TestCase("stream.usage.outputTokens", "5")]
    [TestCase("streamTools.inputs", """[{"city":"Paris"}]""")]
    [TestCase("streamTools.finish", "tool-calls")]
    [TestCase("completion.text", "a a a")]
    [TestCase("embedding.vector", "[0.5,0.5,0.5,0.5]")]
    [TestCase("embedding.tokens", "24")]
    [TestCase("embeddings", "2")]
    [TestCase("speech", "2052")]
    [TestCase("transcript", "a a a")]
    public void The_SDK_gets_what_the_upstream_said(string path, string expected) => Printed(path, expected);

    [Test]
    public void The_SDK_gets_a_picture() => Printed("image", $"{Fakes.FakeUpstream.Picture.Length}");

    protected override Task<(string Name, string Value)[]> PrepareAsync() => EndpointModels.CreateAsync(Gateway, Upstream.BaseUrl);
}
