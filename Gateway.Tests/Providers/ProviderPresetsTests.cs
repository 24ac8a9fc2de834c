using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Providers;
using NUnit.Framework;

namespace Gateway.Tests.Providers;

public sealed class ProviderPresetsTests
{
    private static readonly string[] Names = [.. ProviderPresets.All.Select(preset => preset.Name)];

    [Test]
    public void Every_provider_that_was_promised_is_known() => Assert.That(Names, Is.EqualTo(new[]
    {
        "openai", "azure", "anthropic", "gemini", "deepseek", "qwen", "mistral", "xai", "groq", "together", "openrouter", "ollama", "vllm", "openai-compatible", "demo",
    }));

    [TestCaseSource(nameof(Names))]
    public void A_preset_can_be_used_as_it_is(string name)
    {
        var preset = ProviderPresets.Find(name)!;
        var known = CallKind.All.Select(kind => kind.Path).ToHashSet();

        Assert.That(preset.Name, Is.EqualTo(name));
        Assert.That(Uri.TryCreate(preset.Source, UriKind.Absolute, out var source) && source.Scheme == "https");
        Assert.That(preset.Checked, Is.Not.Null);
        Assert.That(preset.Paths, Is.Not.Null.And.Not.Empty);
        Assert.That(preset.Paths!.Keys, Is.SubsetOf(known));
        Assert.That(preset.Paths.Values.Concat(preset.StreamPaths?.Values ?? []), Has.All.StartsWith("/").And.All.Not.EndsWith("/"));
        Assert.That(preset.StreamPaths?.Keys ?? [], Is.SubsetOf(preset.Paths.Keys), "a stream is served where the call is");
        Assert.That(preset.AuthHeader, Does.Match("^[A-Za-z-]+$"));
        Assert.That(preset.AuthPrefix, Is.EqualTo("").Or.EqualTo("Bearer "));
        Assert.That(preset.Headers.Keys, Has.All.Match("^[a-z-]+$"));
        if (preset.BaseUrl is { } url)
            Assert.That(Uri.TryCreate(url.Replace("{resource}", "r"), UriKind.Absolute, out var address) && (address.Scheme == "https" || address.IsLoopback) && !url.EndsWith('/'), url);
    }

    [TestCase("openai", "/v1/responses", "gpt", true, "/responses")]
    [TestCase("anthropic", "/v1/chat/completions", "claude", false, "/messages")]
    [TestCase("anthropic", "/v1/messages", "claude", true, "/messages")]
    [TestCase("anthropic", "/v1/embeddings", "claude", false, null)]
    [TestCase("gemini", "/v1/chat/completions", "gemini-2.5-pro", false, "/models/gemini-2.5-pro:generateContent")]
    [TestCase("gemini", "/v1/chat/completions", "a/b?c", true, "/models/a%2Fb%3Fc:streamGenerateContent?alt=sse")]
    [TestCase("gemini", "/v1/embeddings", "e", true, "/models/e:batchEmbedContents")]
    [TestCase("groq", "/v1/audio/transcriptions", "whisper", false, "/audio/transcriptions")]
    [TestCase("groq", "/v1/embeddings", "x", false, null)]
    [TestCase("vllm", "/v1/messages", "m", true, "/chat/completions")]
    public void A_call_goes_where_the_provider_serves_it(string name, string kind, string model, bool stream, string? expected) =>
        Assert.That(ProviderPresets.Find(name)!.PathOf(CallKind.All.Single(one => one.Path == kind), model, stream), Is.EqualTo(expected));

    [Test]
    public void What_differs_from_OpenAI_is_said()
    {
        var anthropic = ProviderPresets.Find("anthropic")!;
        var gemini = ProviderPresets.Find("gemini")!;

        Assert.That((anthropic.Api, anthropic.AuthHeader, anthropic.AuthPrefix, anthropic.Headers["anthropic-version"]), Is.EqualTo((UpstreamApi.Anthropic, "x-api-key", "", "2023-06-01")));
        Assert.That((gemini.Api, gemini.AuthHeader, gemini.AuthPrefix), Is.EqualTo((UpstreamApi.Gemini, "x-goog-api-key", "")));
        Assert.That(ProviderPresets.Find("azure")!.AuthHeader, Is.EqualTo("api-key"));
        Assert.That(ProviderPresets.Find("openai")!.OutputLimitField, Is.EqualTo(OutputLimitField.MaxCompletionTokens));
        Assert.That(ProviderPresets.Compatible.OutputLimitField, Is.EqualTo(OutputLimitField.MaxTokens));
        Assert.That(ProviderPresets.Find("nobody"), Is.Null);
    }
}
