using Gateway.Transforms.Tokens;
using NUnit.Framework;

namespace Gateway.Tests.Tokens;

[TestFixture]
public sealed class ModelEncodingTests
{
    [TestCase("gpt-4o-mini", TokenEncoding.O200k, 102)]
    [TestCase("gpt-4.1", TokenEncoding.O200k, 102)]
    [TestCase("gpt-4.5-preview", TokenEncoding.O200k, 102)]
    [TestCase("gpt-5.1-codex", TokenEncoding.O200k, 102)]
    [TestCase("o3-mini", TokenEncoding.O200k, 102)]
    [TestCase("openai/gpt-4o", TokenEncoding.O200k, 102)]
    [TestCase("ft:gpt-4o:acme::1", TokenEncoding.O200k, 102)]
    [TestCase("gpt-4", TokenEncoding.Cl100k, 102)]
    [TestCase("gpt-4-turbo", TokenEncoding.Cl100k, 102)]
    [TestCase("GPT-3.5-turbo", TokenEncoding.Cl100k, 102)]
    [TestCase("text-embedding-3-small", TokenEncoding.Cl100k, 102)]
    [TestCase("claude-sonnet-4-5", TokenEncoding.O200k, 125)]
    [TestCase("us.anthropic.claude-opus-4", TokenEncoding.O200k, 125)]
    [TestCase("mistral-large", TokenEncoding.O200k, 110)]
    [TestCase("gemini-2.5-pro", TokenEncoding.O200k, 110)]
    [TestCase("", TokenEncoding.O200k, 110)]
    public void A_model_has_the_encoding_and_factor_of_its_prefix(string model, TokenEncoding encoding, int percent) =>
        Assert.That(ModelEncoding.For(model), Is.EqualTo(new ModelTokens(encoding, percent)));
}
