using System.Text;
using System.Text.Json.Nodes;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Providers;

namespace Gateway.Tests.Providers.Anthropic;

/// <summary>Runs a translation and shows what came of it.</summary>
internal static class Translated
{
    // Made at 1,750,000,000 s.
    public static readonly TranslationTarget Target = new("claude-sonnet-4-5", Stream: false, OutputLimit: null, DefaultOutputLimit: 8192, "ul_01977420dc00700080000000000000ab");

    public static readonly TranslationTarget Streamed = Target with { Stream = true };

    public static (JsonNode? Json, BodyError Error) Request(ApiTranslation translation, string body, TranslationTarget? target = null)
    {
        var (text, error) = RequestText(translation, body, target);
        return (text is null ? null : JsonNode.Parse(text), error);
    }

    public static (string? Text, BodyError Error) RequestText(ApiTranslation translation, string body, TranslationTarget? target = null)
    {
        var index = new RequestIndex();
        var bytes = Encoding.UTF8.GetBytes(body);
        if (!index.TryRead(bytes, out var unread))
            throw new ArgumentException(unread.Message, nameof(body));

        using var output = new PooledBuffer();
        return translation.TryWriteRequest(index, bytes, target ?? Target, output, out var error) ? (Encoding.UTF8.GetString(output.WrittenSpan), error) : (null, error);
    }

    public static JsonNode? Answer(ApiTranslation translation, string answer, TranslationTarget? target = null)
    {
        using var output = new PooledBuffer();
        return translation.TryWriteAnswer(Encoding.UTF8.GetBytes(answer), target ?? Target, output) ? JsonNode.Parse(output.WrittenSpan) : null;
    }

    public static JsonNode? Error(ApiTranslation translation, string error, int status)
    {
        using var output = new PooledBuffer();
        return translation.TryWriteError(Encoding.UTF8.GetBytes(error), status, output) ? JsonNode.Parse(output.WrittenSpan) : null;
    }

    /// <summary>The whole stream; <c>null</c>: it was found to be broken.</summary>
    /// <param name="translation">What translates.</param>
    /// <param name="stream">The upstream's bytes.</param>
    /// <param name="pieces">The lengths in which they come, over and over; none: all at once.</param>
    public static string? Stream(ApiTranslation translation, ReadOnlySpan<byte> stream, params int[] pieces)
    {
        using var translator = translation.Translate(Streamed);
        using var output = new PooledBuffer();
        for (var i = 0; !stream.IsEmpty; i++)
        {
            var length = pieces.Length == 0 ? stream.Length : Math.Min(pieces[i % pieces.Length], stream.Length);
            if (!translator.TryTranslate(stream[..length], output))
                return null;
            stream = stream[length..];
        }

        translator.Complete(output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    public static string? Stream(ApiTranslation translation, string stream) => Stream(translation, Encoding.UTF8.GetBytes(stream));

    /// <summary>The data of a stream's events that are JSON.</summary>
    public static IReadOnlyList<JsonNode> Events(string stream) =>
        [.. stream.Split('\n').Where(static line => line.StartsWith("data: {", StringComparison.Ordinal)).Select(static line => JsonNode.Parse(line[6..])!)];

    public static bool Same(JsonNode? json, string expected) => JsonNode.DeepEquals(json, JsonNode.Parse(expected));
}
