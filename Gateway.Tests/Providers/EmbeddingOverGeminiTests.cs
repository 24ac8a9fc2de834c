using System.Text;
using System.Text.Json.Nodes;
using Gateway.Transforms.Providers.Gemini;
using NUnit.Framework;

namespace Gateway.Tests.Providers;

/// <summary>https://ai.google.dev/api/embeddings#method:-models.batchembedcontents</summary>
public sealed class EmbeddingOverGeminiTests
{
    private static readonly TestCaseData[] Encodings =
    [
        new("{\"model\":\"m\",\"input\":\"a\"}", EmbeddingOverGemini.Floats),
        new("{\"model\":\"m\",\"input\":\"a\",\"encoding_format\":\"float\"}", EmbeddingOverGemini.Floats),
        new("{\"input\":{\"encoding_format\":\"float\"},\"encoding_\\u0066ormat\":\"base64\"}", EmbeddingOverGemini.Base64),
    ];

    [TestCaseSource(nameof(Encodings))]
    public void The_encoding_is_the_one_that_was_asked_for(string body, EmbeddingOverGemini expected) =>
        Assert.That(EmbeddingOverGemini.Floats.For(Encoding.UTF8.GetBytes(body)), Is.SameAs(expected));

    [TestCase("\"one\"", new[] { "one" })]
    [TestCase("[\"one\",\"tw\\u00f6\"]", new[] { "one", "twö" })]
    public void Every_input_becomes_a_request(string input, string[] texts)
    {
        var request = Translated.Request(
            EmbeddingOverGemini.Floats, $$"""{"model":"m","input":{{input}},"dimensions":768,"encoding_format":"float","user":"u"}""", Translated.Target("gemini-embedding-001"));

        Assert.That(request["requests"]!.AsArray().Select(one => (string?)one!["content"]!["parts"]![0]!["text"]), Is.EqualTo(texts));
        Assert.That(((string?)request["requests"]![0]!["model"], (int)request["requests"]![0]!["outputDimensionality"]!), Is.EqualTo(("models/gemini-embedding-001", 768)));
    }

    [TestCase("\"input\":[1,2]", "input")]
    [TestCase("\"input\":[[1]]", "input")]
    [TestCase("\"input\":\"a\",\"dimensions\":0", "dimensions")]
    [TestCase("\"input\":\"a\",\"dimensions\":1.5", "dimensions")]
    [TestCase("\"input\":\"a\",\"encoding_format\":\"int8\"", "encoding_format")]
    [TestCase("\"input\":\"a\",\"task\":\"x\"", "task")]
    public void What_has_no_counterpart_is_refused_by_name(string fields, string field)
    {
        var written = Translated.TryRequest(EmbeddingOverGemini.Floats, $$"""{"model":"m",{{fields}}}""", target: null, out var error);

        Assert.That((written, error.Field), Is.EqualTo((default(string), field)));
    }

    [Test]
    public void Vectors_come_as_a_list_with_their_numbers_as_spelled() => Assert.That(
        Translated.Answer(EmbeddingOverGemini.Floats, """{"embeddings":[{"values":[0.010,-1e-3]},{"values":[1]}]}""", Translated.Target("e")),
        Is.EqualTo("""{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.010,-1e-3]},{"object":"embedding","index":1,"embedding":[1]}],"model":"e"}"""));

    [Test]
    public void Vectors_come_in_base64_where_that_was_asked_for()
    {
        var answer = JsonNode.Parse(Translated.Answer(EmbeddingOverGemini.Base64, """{"embeddings":[{"values":[0.5,-2]}]}""")!)!;

        var bytes = Convert.FromBase64String((string)answer["data"]![0]!["embedding"]!);
        Assert.That((BitConverter.ToSingle(bytes, 0), BitConverter.ToSingle(bytes, 4), bytes.Length), Is.EqualTo((0.5f, -2f, 8)));
    }

    [TestCase("")]
    [TestCase("<html>")]
    [TestCase("[]")]
    [TestCase("{}")]
    [TestCase("{\"embeddings\":[]}")]
    [TestCase("{\"embeddings\":{}}")]
    [TestCase("{\"embeddings\":[1]}")]
    [TestCase("{\"embeddings\":[{}]}")]
    [TestCase("{\"embeddings\":[{\"values\":[\"1\"]}]}")]
    [TestCase("{\"embeddings\":[{\"values\":[1e999]}]}")]
    [TestCase("{\"embeddings\":[{\"values\":[1]},{\"values\":[1],\"values\":[2]}]}")]
    [TestCase("{\"embeddings\":[{\"values\":[1]}],\"embeddings\":[{\"values\":[1]}]}")]
    [TestCase("{\"embeddings\":[{\"values\":[1]}]")]
    public void What_is_no_answer_is_refused(string answer)
    {
        Assert.That(Translated.Answer(EmbeddingOverGemini.Floats, answer), Is.Null);
        Assert.That(Translated.Answer(EmbeddingOverGemini.Base64, answer), Is.Null);
    }

    [Test]
    public void Embeddings_are_not_streamed() => Assert.That(() => EmbeddingOverGemini.Floats.Translate(Translated.Target()), Throws.TypeOf<NotSupportedException>());
}
