using System.Text;
using System.Text.Json.Nodes;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Providers;
using Gateway.Transforms.Providers.Gemini;

namespace Gateway.Tests.Providers;

/// <summary>What a translation makes of texts.</summary>
internal static class Translated
{
    public const string Receipt = "ul_0190b2f0a1c47d3e8f5a6b7c8d9e0f12";

    public static TranslationTarget Target(string model = "gemini-2.5-flash", bool stream = false, long? outputLimit = null, long defaultOutputLimit = 8_192) =>
        new(model, stream, outputLimit, defaultOutputLimit, Receipt);

    public static JsonNode Request(ApiTranslation translation, string body, TranslationTarget? target = null)
    {
        var written = TryRequest(translation, body, target, out var error);
        return JsonNode.Parse(written ?? throw new NUnit.Framework.AssertionException(error.Message))!;
    }

    public static string? TryRequest(ApiTranslation translation, string body, TranslationTarget? target, out BodyError error)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var index = new RequestIndex { Kind = translation is EmbeddingOverGemini ? CallKind.Embedding : CallKind.Chat };
        if (!index.TryRead(bytes, out error))
            throw new NUnit.Framework.AssertionException($"The request itself is refused: {error.Message}");

        using var output = new PooledBuffer();
        return translation.TryWriteRequest(index, bytes, target ?? Target(), output, out error) ? Encoding.UTF8.GetString(output.WrittenSpan) : null;
    }

    public static string? Answer(ApiTranslation translation, string answer, TranslationTarget? target = null) => Answer(translation, Encoding.UTF8.GetBytes(answer), target);

    public static string? Answer(ApiTranslation translation, byte[] answer, TranslationTarget? target = null)
    {
        using var output = new PooledBuffer();
        return translation.TryWriteAnswer(answer, target ?? Target(), output) ? Encoding.UTF8.GetString(output.WrittenSpan) : null;
    }

    public static string? Error(ApiTranslation translation, string error, int status)
    {
        using var output = new PooledBuffer();
        return translation.TryWriteError(Encoding.UTF8.GetBytes(error), status, output) ? Encoding.UTF8.GetString(output.WrittenSpan) : null;
    }

    /// <summary>The stream, fed in pieces that begin at these places; <c>null</c>: it was refused.</summary>
    public static string? Stream(ApiTranslation translation, byte[] stream, IEnumerable<int> cuts, TranslationTarget? target = null)
    {
        using var translator = translation.Translate(target ?? Target(stream: true));
        using var output = new PooledBuffer();
        var start = 0;
        foreach (var cut in cuts.Append(stream.Length))
        {
            if (!translator.TryTranslate(stream.AsSpan(start, cut - start), output))
                return null;
            start = cut;
        }

        translator.Complete(output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    /// <summary>The data of the events of a stream.</summary>
    public static string[] Events(string? stream) =>
        [.. (stream ?? "").Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(static text => text["data: ".Length..])];
}
