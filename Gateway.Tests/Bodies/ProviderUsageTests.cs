using System.Text;
using Gateway.Transforms.Bodies;
using NUnit.Framework;

namespace Gateway.Tests.Bodies;

/// <summary>What providers that speak OpenAI's chat say of their tokens: one sample each, and the page that it is after.</summary>
public class ProviderUsageTests
{
    private static readonly object[][] Samples =
    [
        ["https://platform.openai.com/docs/api-reference/chat/object", new UsageTokens(19, 12, 0, 10, 4), """
            {"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":12,"audio_tokens":0},
            "completion_tokens_details":{"reasoning_tokens":4,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}
            """],
        ["https://platform.openai.com/docs/api-reference/responses/object", new UsageTokens(36, 30, 0, 87, 64), """
            {"input_tokens":36,"input_tokens_details":{"cached_tokens":30},"output_tokens":87,"output_tokens_details":{"reasoning_tokens":64},"total_tokens":123}
            """],
        ["https://api-docs.deepseek.com/guides/kv_cache", new UsageTokens(50, 40, 0, 20, 8), """
            {"prompt_tokens":50,"completion_tokens":20,"total_tokens":70,"prompt_tokens_details":{"cached_tokens":40},
            "completion_tokens_details":{"reasoning_tokens":8},"prompt_cache_hit_tokens":40,"prompt_cache_miss_tokens":10}
            """],
        ["https://docs.x.ai/docs/key-information/consumption-and-rate-limits", new UsageTokens(32, 6, 0, 103, 94), """
            {"prompt_tokens":32,"completion_tokens":9,"total_tokens":135,"prompt_tokens_details":{"text_tokens":32,"audio_tokens":0,"image_tokens":0,"cached_tokens":6},
            "completion_tokens_details":{"reasoning_tokens":94,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0},"num_sources_used":0}
            """],
        ["https://console.groq.com/docs/text-chat", new UsageTokens(24, 0, 0, 377, 0), """
            {"queue_time":0.037493756,"prompt_tokens":24,"prompt_time":0.000680594,"completion_tokens":377,"completion_time":0.463333333,"total_tokens":401,"total_time":0.464013927}
            """],
        ["https://docs.mistral.ai/api/#tag/chat", new UsageTokens(16, 0, 0, 34, 0), """
            {"prompt_tokens":16,"completion_tokens":34,"total_tokens":50,"prompt_audio_seconds":null}
            """],
        ["https://www.alibabacloud.com/help/en/model-studio/context-cache", new UsageTokens(3019, 2048, 0, 104, 0), """
            {"prompt_tokens":3019,"completion_tokens":104,"total_tokens":3123,"prompt_tokens_details":{"cached_tokens":2048}}
            """],
        ["https://openrouter.ai/docs/use-cases/usage-accounting", new UsageTokens(194, 0, 100, 2, 0), """
            {"completion_tokens":2,"completion_tokens_details":{"reasoning_tokens":0},"cost":0.95,"cost_details":{"upstream_inference_cost":19},
            "prompt_tokens":194,"prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":100,"audio_tokens":0},"total_tokens":196}
            """],
        ["https://ai.google.dev/gemini-api/docs/openai", new UsageTokens(20, 0, 0, 424, 0), """
            {"prompt_tokens":20,"completion_tokens":424,"total_tokens":1016}
            """],
        ["https://docs.together.ai/reference/chat-completions-1", new UsageTokens(9, 0, 0, 4, 0), """
            {"prompt_tokens":9,"completion_tokens":4,"total_tokens":13,"cached_tokens":0}
            """],
        ["https://docs.ollama.com/api/openai-compatibility", new UsageTokens(9, 0, 0, 4, 0), """
            {"prompt_tokens":9,"completion_tokens":4,"total_tokens":13}
            """],
        ["https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html", new UsageTokens(9, 0, 0, 4, 0), """
            {"prompt_tokens":9,"total_tokens":13,"completion_tokens":4,"prompt_tokens_details":null}
            """],
    ];

    [TestCaseSource(nameof(Samples))]
    public void The_usage_of_each_provider_is_read(string source, UsageTokens tokens, string usage)
    {
        var answer = new AnswerReader();

        Assert.That(answer.TryRead(Encoding.UTF8.GetBytes($$"""{"choices":[],"usage":{{usage}}}""")), source);
        Assert.That((answer.Tokens, answer.Tokens.IsSound), Is.EqualTo((tokens, true)), source);
    }

    // A total that other parts explain, or that is too small, says nothing of thoughts.
    [TestCase("""{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"completion_tokens_details":{"reasoning_tokens":5}}""", 5)]
    [TestCase("""{"prompt_tokens":10,"completion_tokens":5,"total_tokens":115,"prompt_tokens_details":{"cached_tokens":0}}""", 5)]
    [TestCase("""{"prompt_tokens":10,"completion_tokens":5,"total_tokens":115,"cache_creation_input_tokens":9}""", 5)]
    [TestCase("""{"prompt_tokens":10,"completion_tokens":5,"total_tokens":115,"completion_tokens_details":{"reasoning_tokens":4}}""", 5)]
    [TestCase("""{"prompt_tokens":10,"completion_tokens":5,"total_tokens":3}""", 5)]
    [TestCase("""{"prompt_tokens":10,"completion_tokens":5,"total_tokens":-3}""", 5)]
    [TestCase("""{"prompt_tokens":10,"completion_tokens":5,"total_tokens":9223372036854775807,"prompt_tokens_details":{"cached_tokens":1}}""", 5)]
    public void A_total_adds_to_the_output_only_where_it_must_be_thought(string usage, long output)
    {
        var answer = new AnswerReader();

        Assert.That(answer.TryRead(Encoding.UTF8.GetBytes($$"""{"choices":[],"usage":{{usage}}}""")));
        Assert.That(answer.Tokens.Output, Is.EqualTo(output));
    }

    /// <remarks>https://github.com/vercel/ai/issues/1651</remarks>
    [TestCase("""{"choices":[{"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"req_1","usage":{"prompt_tokens":23,"completion_tokens":19,"total_tokens":42}}}""", 23)]
    [TestCase("""{"x_groq":{"usage":{"prompt_tokens":23,"completion_tokens":19}},"usage":null,"choices":[]}""", 23)]
    [TestCase("""{"x_groq":{"usage":{"prompt_tokens":1,"completion_tokens":1}},"usage":{"prompt_tokens":23,"completion_tokens":19},"choices":[]}""", 23)]
    [TestCase("""{"x_groq":{"id":"req_1"},"choices":[]}""", null)]
    public void Groqs_own_place_for_usage_counts_where_there_is_no_other(string data, long? input)
    {
        using var scanner = new StreamScanner();
        scanner.Feed(Encoding.UTF8.GetBytes($"data: {data}\n\n"));

        Assert.That(scanner.TryNext(out var next));
        Assert.That((next.Facts.IsFinal, next.Facts.HasUsage ? next.Facts.Tokens.Input : (long?)null), Is.EqualTo((input is not null, input)));
    }
}
