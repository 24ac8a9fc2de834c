using System.Text.Json;
using static System.Text.Json.JsonEncodedText;

namespace Gateway.Ledger.Book;

/// <summary>The members of a receipt's <c>usage</c> that say how much was used. Images, sound and characters are there only where there were any.</summary>
internal static class ReceiptUsage
{
    private const string ImagesName = "images", AudioSecondsName = "audioSeconds", CharactersName = "characters";

    private static readonly JsonEncodedText InputTokens = Encode("inputTokens"), CachedInputTokens = Encode("cachedInputTokens"),
        CacheWriteTokens = Encode("cacheWriteTokens"), OutputTokens = Encode("outputTokens"), ReasoningTokens = Encode("reasoningTokens"),
        Images = Encode(ImagesName), AudioSeconds = Encode(AudioSecondsName), Characters = Encode(CharactersName);

    /// <summary>Writes the members into an object that is open.</summary>
    public static void Write(Utf8JsonWriter json, in Usage usage)
    {
        json.WriteNumber(InputTokens, usage.InputTokens);
        json.WriteNumber(CachedInputTokens, usage.CachedInputTokens);
        json.WriteNumber(CacheWriteTokens, usage.CacheWriteTokens);
        json.WriteNumber(OutputTokens, usage.OutputTokens);
        json.WriteNumber(ReasoningTokens, usage.ReasoningTokens);
        if (usage.Images != 0)
            json.WriteNumber(Images, usage.Images);
        if (usage.AudioMilliseconds != 0)
            ExactDecimal.Write(json, AudioSeconds, usage.AudioMilliseconds, ExactDecimal.MilliScale);
        if (usage.Characters != 0)
            json.WriteNumber(Characters, usage.Characters);
    }

    /// <summary>Reads what <see cref="Write"/> wrote; a receipt of an earlier version has tokens only.</summary>
    public static Usage Read(JsonElement usage)
    {
        var seconds = usage.TryGetProperty(AudioSecondsName, out var audio) ? audio.GetDecimal() : 0;
        return new Usage(
            usage.GetProperty("inputTokens").GetInt64(),
            usage.GetProperty("cachedInputTokens").GetInt64(),
            usage.GetProperty("cacheWriteTokens").GetInt64(),
            usage.GetProperty("outputTokens").GetInt64(),
            usage.GetProperty("reasoningTokens").GetInt64(),
            Count(ImagesName),
            (long)(seconds * 1000),
            Count(CharactersName));

        long Count(string name) => usage.TryGetProperty(name, out var count) ? count.GetInt64() : 0;
    }
}
