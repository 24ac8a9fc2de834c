using System.Buffers.Binary;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Fakes;

/// <summary>The provider's other APIs, in the shapes that OpenAI documents: https://platform.openai.com/docs/api-reference.</summary>
internal sealed partial class FakeUpstream
{
    /// <summary>The bytes of every sound that it makes: the beginning of an MP3 frame, and what no text decoder leaves alone.</summary>
    public static readonly byte[] Sound = [0xFF, 0xFB, 0x90, 0x00, .. Enumerable.Range(0, 2048).Select(static i => (byte)i)];

    /// <summary>The one pixel of every picture that it makes, as base64 of a PNG.</summary>
    public const string Picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

    private static readonly string[] Categories =
    [
        "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm", "self-harm/intent",
        "self-harm/instructions", "sexual", "sexual/minors", "violence", "violence/graphic",
    ];

    private void MapEndpoints()
    {
        Map("/v1/completions", CompletionAsync);
        Map("/v1/responses", FakeResponses.WriteAsync);
        Map("/v1/embeddings", EmbeddingAsync);
        Map("/v1/images/generations", ImageAsync);
        Map("/v1/audio/speech", SpeechAsync);
        Map("/v1/audio/transcriptions", TranscriptionAsync);
        Map("/v1/moderations", ModerationAsync);
        Map("/v1/messages", FakeMessages.WriteAsync);
        Map("/v1/messages/count_tokens", static (http, call) => JsonAsync(http, $$"""{"input_tokens":{{call.Number("in", 24)}}}"""));
        Map("/v1beta/models/{model}", FakeGemini.WriteAsync);
    }

    internal static Task JsonAsync(HttpContext http, string body)
    {
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(body, http.RequestAborted);
    }

    internal static async Task EventAsync(HttpContext http, string data, string? name = null)
    {
        if (!http.Response.HasStarted)
            http.Response.ContentType = "text/event-stream";
        await http.Response.WriteAsync($"{(name is null ? "" : $"event: {name}\n")}data: {data}\n\n", http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
    }

    private static async Task CompletionAsync(HttpContext http, FakeCall call)
    {
        static string Choice(string text, string finish) =>
            $$"""{"id":"cmpl-1","object":"text_completion","created":1,"model":"echo-1-2026","choices":[{"text":"{{text}}","index":0,"logprobs":null,"finish_reason":{{finish}}}]""";

        if (!call.WantsStream)
        {
            call.Emitted = call.Count;
            await JsonAsync(http, $$"""{{Choice(call.Text, "\"stop\"")}},"usage":{{call.Usage}}}""");
            return;
        }

        for (; call.Emitted < call.Count; call.Emitted++)
            await EventAsync(http, Choice(call.Emitted == 0 ? "a" : " a", "null") + "}");
        await EventAsync(http, Choice("", "\"stop\"") + "}");
        if (call.Json["stream_options"]?["include_usage"]?.GetValue<bool>() == true)
            await EventAsync(http, $$"""{"id":"cmpl-1","object":"text_completion","created":1,"model":"echo-1-2026","choices":[],"usage":{{call.Usage}}}""");
        await EventAsync(http, "[DONE]");
    }

    // The Node SDK asks for base64 unless it is told otherwise: little-endian floats.
    private static Task EmbeddingAsync(HttpContext http, FakeCall call)
    {
        var dimensions = call.Json["dimensions"]?.GetValue<int>() ?? 4;
        var inputs = call.Json["input"] is JsonArray many ? many.Count : 1;
        var bytes = new byte[4 * dimensions];
        for (var i = 0; i < dimensions; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), 0.5f);
        var vector = call.Json["encoding_format"]?.GetValue<string>() == "base64"
            ? $"\"{Convert.ToBase64String(bytes)}\""
            : $"[{string.Join(',', Enumerable.Repeat("0.5", dimensions))}]";
        var data = Enumerable.Range(0, inputs).Select(index => $$"""{"object":"embedding","index":{{index}},"embedding":{{vector}}}""");
        var count = call.Number("in", 24);
        return JsonAsync(http, $$"""{"object":"list","data":[{{string.Join(',', data)}}],"model":"echo-1-2026","usage":{"prompt_tokens":{{count}},"total_tokens":{{count}} } }""");
    }

    private static Task ImageAsync(HttpContext http, FakeCall call)
    {
        var data = string.Join(',', Enumerable.Repeat($$"""{"b64_json":"{{Picture}}"}""", call.Json["n"]?.GetValue<int>() ?? 1));
        var usage = call.Word("mode", "") == "nousage"
            ? ""
            : ""","usage":{"total_tokens":100,"input_tokens":50,"output_tokens":50,"input_tokens_details":{"text_tokens":10,"image_tokens":40}}""";
        return JsonAsync(http, $$"""{"created":1713833628,"data":[{{data}}]{{usage}}}""");
    }

    private static Task SpeechAsync(HttpContext http, FakeCall call)
    {
        http.Response.ContentType = "audio/mpeg";
        return http.Response.Body.WriteAsync(Sound, http.RequestAborted).AsTask();
    }

    private static Task TranscriptionAsync(HttpContext http, FakeCall call) => JsonAsync(http, call.Word("mode", "") == "tokens"
        ? """{"text":"a a a","usage":{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":10,"audio_tokens":4},"output_tokens":101,"total_tokens":115}}"""
        : """{"text":"a a a","usage":{"type":"duration","seconds":9}}""");

    private static Task ModerationAsync(HttpContext http, FakeCall call)
    {
        static string Of(string value) => string.Join(',', Categories.Select(category => $"\"{category}\":{value}"));

        return JsonAsync(
            http,
            $$$"""{"id":"modr-1","model":"omni-moderation-latest","results":[{"flagged":false,"categories":{{{{Of("false")}}}},"category_scores":{{{{Of("0.001")}}}},"category_applied_input_types":{{{{Of("[\"text\"]")}}}}}]}""");
    }
}
