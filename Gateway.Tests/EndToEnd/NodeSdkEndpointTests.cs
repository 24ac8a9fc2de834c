using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>The official openai npm package, unmodified: everything beyond chat.</summary>
internal sealed class NodeSdkEndpointTests : NodeSdkFixture
{
    protected override string Script => "openai-endpoints.mjs";

    [TestCase("completion.text", "a a a")]
    [TestCase("completion.usage.total_tokens", "27")]
    [TestCase("completionStream.text", "a a a a a")]
    [TestCase("completionStream.usage.total_tokens", "29")]
    [TestCase("response.text", "a a a")]
    [TestCase("response.id", "resp_1")]
    [TestCase("response.usage.total_tokens", "27")]
    [TestCase("responseTools", """{"city":"Paris"}""")]
    [TestCase("responseObject", """{"city":"Paris"}""")]
    [TestCase("responseStream.text", "a a a a a")]
    [TestCase("responseStream.deltas", "5")]
    [TestCase("responseStream.last", "response.completed")]
    [TestCase("responseStream.usage.total_tokens", "29")]
    [TestCase("responseStreamTools.arguments", """{"city":"Paris"}""")]
    [TestCase("embedding.vectors", "[[0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5],[0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5]]")]
    [TestCase("embedding.usage.total_tokens", "24")]
    [TestCase("floats", "[0.5,0.5,0.5,0.5]")]
    [TestCase("speech.bytes", "2052")]
    [TestCase("speech.type", "audio/mpeg")]
    [TestCase("transcription", "a a a")]
    [TestCase("moderation.flagged", "false")]
    public void The_package_gets_what_the_upstream_said(string path, string expected) => Printed(path, expected);

    [Test]
    public void The_package_gets_two_pictures() => Printed("images", $"[{Fakes.FakeUpstream.Picture.Length},{Fakes.FakeUpstream.Picture.Length}]");

    [TestCase("responseUnknownModel", "BadRequestError", 400, "unknown_model")]
    [TestCase("responsePoor", "APIError", 402, "key_budget_exceeded")]
    [TestCase("embeddingInvalidKey", "AuthenticationError", 401, "invalid_api_key")]
    [TestCase("responseDown", "InternalServerError", 502, "upstream_error")]
    [TestCase("imageRefused", "BadRequestError", 400, "invalid_function_parameters")]
    public void The_package_throws_its_own_error_class(string call, string errorClass, int status, string code) => Threw(call, errorClass, status, code);

    [Test]
    public void A_chat_model_makes_no_embeddings() => Assert.That(Find("embeddingOfChat.status")!.GetValue<int>(), Is.InRange(400, 404).Or.EqualTo(501));

    [Test]
    public void The_package_throws_when_a_stream_of_responses_breaks() => Assert.That(Find("responseBroken"), Is.Not.Null);

    [Test]
    public void Receipts_are_among_the_headers()
    {
        Assert.That(Find("response.receipt")!.GetValue<string>(), Does.StartWith("ul_"));
        Assert.That(Find("speech.receipt")!.GetValue<string>(), Does.StartWith("ul_"));
    }

    protected override Task<(string Name, string Value)[]> PrepareAsync() => EndpointModels.CreateAsync(Gateway, Upstream.BaseUrl);
}
