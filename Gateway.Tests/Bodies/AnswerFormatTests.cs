using System.Text;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using NUnit.Framework;

namespace Gateway.Tests.Bodies;

public class AnswerFormatTests
{
    /// <remarks>https://platform.openai.com/docs/api-reference/embeddings/create, https://docs.mistral.ai/api/#tag/embeddings</remarks>
    [TestCase("""{"object":"list","data":[{"object":"embedding","embedding":[0.1,-2e-3],"index":0}],"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}}""", true, 8)]
    [TestCase("""{"id":"e","data":[{"embedding":"AAAA"}],"model":"mistral-embed","usage":{"prompt_tokens":15,"total_tokens":15,"completion_tokens":0}}""", true, 15)]
    [TestCase("""{"data":[{"embedding":[1]}],"usage":{"prompt_tokens":8}}""", true, 8)]
    [TestCase("""{"data":[],"usage":{"prompt_tokens":8,"total_tokens":8}}""", false, 8)]
    public void Embeddings_have_input_alone(string json, bool hasContent, long input)
    {
        var answer = Read(CallKind.Embedding, json);

        Assert.That((answer.HasOutput, answer.Tokens), Is.EqualTo((hasContent, new UsageTokens(input, 0, 0, 0, 0))));
        Assert.That(answer.Tokens.IsSound);
    }

    /// <remarks>https://platform.openai.com/docs/api-reference/images/create</remarks>
    [Test]
    public void Images_are_counted_and_have_usage_where_the_model_says_it()
    {
        var gpt = Read(CallKind.Image, """{"created":1713833628,"data":[{"b64_json":"AA=="}],"usage":{"total_tokens":100,"input_tokens":50,"output_tokens":50,"input_tokens_details":{"text_tokens":10,"image_tokens":40}}}""");
        var dalle = Read(CallKind.Image, """{"created":1589478378,"data":[{"url":"https://example.com/1"},{"url":"https://example.com/2"}]}""");

        Assert.That((gpt.Facts.Images, gpt.HasOutput, gpt.Tokens), Is.EqualTo((1, true, new UsageTokens(50, 0, 0, 50, 0))));
        Assert.That((dalle.Facts.Images, dalle.HasOutput, dalle.HasUsage), Is.EqualTo((2, true, false)));
        Assert.That(Read(CallKind.Image, """{"created":1,"data":[]}""").HasOutput, Is.False);
    }

    /// <remarks>https://platform.openai.com/docs/api-reference/images-streaming</remarks>
    [Test]
    public void An_image_stream_ends_with_the_image() =>
        Assert.That(
            Events(
                AnswerFormat.Image,
                """{"type":"image_generation.partial_image","b64_json":"AA","partial_image_index":0}""",
                """{"type":"image_generation.completed","b64_json":"AAAA","usage":{"total_tokens":100,"input_tokens":50,"output_tokens":50}}"""),
            Is.EqualTo("Chunk content 0 images | Chunk content final ends 1 images 50/50"));

    /// <remarks>https://platform.openai.com/docs/api-reference/moderations/object</remarks>
    [TestCase("""{"id":"modr-1","model":"omni-moderation-latest","results":[{"flagged":false,"categories":{}}]}""", true)]
    [TestCase("""{"id":"modr-1","model":"omni-moderation-latest","results":[]}""", false)]
    public void A_moderation_has_results_and_no_usage(string json, bool hasContent)
    {
        var answer = Read(CallKind.Moderation, json);

        Assert.That((answer.HasOutput, answer.HasUsage, answer.ReportedModel), Is.EqualTo((hasContent, false, "omni-moderation-latest")));
    }

    /// <remarks>https://platform.openai.com/docs/api-reference/audio/speech-audio-done-event</remarks>
    [Test]
    public void A_speech_stream_ends_with_its_usage() =>
        Assert.That(
            Events(
                AnswerFormat.Speech,
                """{"type":"speech.audio.delta","audio":"AAAA"}""",
                """{"type":"speech.audio.done","usage":{"input_tokens":14,"output_tokens":101,"total_tokens":115}}"""),
            Is.EqualTo("Chunk content 0 images | Chunk final ends 0 images 14/101"));

    /// <remarks>https://platform.openai.com/docs/api-reference/audio/json-object, https://platform.openai.com/docs/api-reference/audio/verbose-json-object</remarks>
    [TestCase("""{"text":"hi","usage":{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":10,"audio_tokens":4},"output_tokens":101,"total_tokens":115}}""", true, 14, 101, null)]
    [TestCase("""{"text":"hi","usage":{"type":"duration","seconds":27}}""", true, 0, 0, 27_000)]
    [TestCase("""{"task":"transcribe","language":"english","duration":8.470000267028809,"text":"hi","segments":[{"text":"hi"}],"usage":{"type":"duration","seconds":9}}""", true, 0, 0, 9_000)]
    [TestCase("""{"task":"transcribe","duration":8.470000267028809,"text":"hi"}""", true, 0, 0, 8_471)]
    [TestCase("""{"duration":"8.47","text":"hi"}""", true, 0, 0, 8_470)]
    [TestCase("""{"duration":1e1,"text":""}""", true, 0, 0, 10_000)]
    [TestCase("""{"duration":-1,"text":""}""", true, 0, 0, null)]
    [TestCase("""{"duration":1e28,"text":""}""", true, 0, 0, null)]
    [TestCase("""{"duration":{},"text":5}""", false, 0, 0, null)]
    public void A_transcription_has_tokens_or_a_duration(string json, bool hasContent, long input, long output, long? milliseconds)
    {
        var answer = Read(CallKind.Transcription, json);

        Assert.That((answer.HasOutput, answer.Tokens.Input, answer.Tokens.Output), Is.EqualTo((hasContent, input, output)));
        Assert.That((answer.Facts.AudioMilliseconds, answer.Tokens.IsSound), Is.EqualTo((milliseconds, true)));
    }

    /// <remarks>https://platform.openai.com/docs/api-reference/audio/transcript-text-done-event</remarks>
    [Test]
    public void A_transcription_stream_ends_with_the_whole_text_which_is_not_counted_again()
    {
        using var text = new PooledBuffer();

        var events = Events(
            AnswerFormat.Transcription,
            text,
            """{"type":"transcript.text.delta","delta":"I s\u0065e"}""",
            """{"type":"transcript.text.done","text":"I see","usage":{"type":"tokens","input_tokens":14,"output_tokens":31,"total_tokens":45}}""");

        Assert.That(events, Is.EqualTo("Chunk content 0 images | Chunk content final ends 0 images 14/31"));
        Assert.That(Encoding.UTF8.GetString(text.WrittenSpan), Is.EqualTo("I see"));
    }

    [Test]
    public void Every_kind_of_call_has_a_format()
    {
        foreach (var kind in CallKind.All)
        {
            Assert.That(AnswerFormat.For(kind).TryReadAnswer("""{"error":{"message":"no"}}"""u8, out var facts, text: null), kind.Path);
            Assert.That((facts.HasError, facts.HasContent), Is.EqualTo((true, false)), kind.Path);
            Assert.That(AnswerFormat.For(kind).ReadEvent("{\"type\":"u8, default, out _, text: null), Is.EqualTo(EventKind.NotJson), kind.Path);
        }
    }

    /// <remarks>https://openrouter.ai/docs/use-cases/usage-accounting</remarks>
    [TestCase("""{"cost":0.95,"prompt_tokens":1,"cost_details":{"cost":1}}""", """{"prompt_tokens":1,"cost_details":{"cost":1},"cost":5,"paid_by":[]}""")]
    [TestCase("""{ "prompt_tokens" : 1 , "cost" : 0.95 }""", """{"prompt_tokens" : 1,"cost":5,"paid_by":[]}""")]
    [TestCase("""{"cost":0.95,"cost_currency":"USD","paid_by":[{"amount":1}]}""", """{"cost_currency":"USD","cost":5,"paid_by":[]}""")]
    [TestCase("""{"cost":0.95}""", """{"cost":5,"paid_by":[]}""")]
    [TestCase("""{"prompt_tokens":1,"inputTokens":1}""", """{"prompt_tokens":1,"inputTokens":1,"cost":5,"paid_by":[]}""")]
    public void What_an_upstream_says_of_its_cost_gives_way_to_ours(string usage, string spliced)
    {
        var answer = Read(CallKind.Chat, $$"""{"id":"a","usage":{{usage}},"choices":[]}""");
        using var output = new PooledBuffer();

        AnswerSplice.Write(answer, "\"cost\":5,\"paid_by\":[]"u8, default, output);

        Assert.That(Encoding.UTF8.GetString(output.WrittenSpan), Is.EqualTo($$"""{"id":"a","usage":{{spliced}},"choices":[]}"""));
    }

    private static AnswerReader Read(CallKind kind, string json)
    {
        var answer = new AnswerReader(AnswerFormat.For(kind));
        Assert.That(answer.TryRead(Encoding.UTF8.GetBytes(json)));
        return answer;
    }

    private static string Events(AnswerFormat format, params string[] data)
    {
        using var text = new PooledBuffer();
        return Events(format, text, data);
    }

    private static string Events(AnswerFormat format, PooledBuffer text, params string[] data)
    {
        using var scanner = new StreamScanner(text, format: format);
        scanner.Feed(Encoding.UTF8.GetBytes(string.Concat(data.Select(static json => $"data: {json}\n\n"))));
        var events = new List<string>();
        while (scanner.TryNext(out var next))
        {
            var facts = next.Facts;
            var flags = $"{(facts.HasContent ? "content " : "")}{(facts.IsFinal ? "final " : "")}{(facts.EndsStream ? "ends " : "")}";
            events.Add($"{next.Kind} {flags}{facts.Images} images{(facts.HasUsage ? $" {facts.Tokens.Input}/{facts.Tokens.Output}" : "")}");
        }

        return string.Join(" | ", events);
    }
}
