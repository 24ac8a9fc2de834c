using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Gemini;

/// <content>The request: each input is one of a batch.</content>
public sealed partial class EmbeddingOverGemini
{
    // As many as OpenAI takes; the Gemini API takes 100 and says so itself.
    private const int MostInputs = 2_048;

    private static BodyError Check(JsonElement root)
    {
        foreach (var member in root.EnumerateObject())
        {
            var isGood = member.Value.ValueKind is JsonValueKind.Null || member.Name switch
            {
                "model" or "user" or "provider" => true,
                "input" => IsTexts(member.Value),
                "encoding_format" => member.Value.Is("float"u8) || member.Value.Is("base64"u8),
                "dimensions" => member.Value.ValueKind is JsonValueKind.Number && member.Value.TryGetInt32(out var dimensions) && dimensions > 0,
                _ => false,
            };
            if (!isGood)
                return new BodyError(BodyFault.InvalidField, member.Name, $"{member.Name} has no counterpart in the Gemini API with this value: {Hint(member.Name)}");
        }

        return root.Has("input"u8, out _) ? default : new BodyError(BodyFault.InvalidField, "input", "input is missing.");
    }

    private static string Hint(string member) => member switch
    {
        "input" => $"send a string or an array of 1 to {MostInputs} strings.",
        "encoding_format" => "send float or base64.",
        "dimensions" => "send a whole number above 0.",
        _ => "leave it out.",
    };

    private static bool IsTexts(JsonElement input) =>
        input.ValueKind is JsonValueKind.String
        || (input.ValueKind is JsonValueKind.Array && input.GetArrayLength() is >= 1 and <= MostInputs
            && input.EnumerateArray().All(static text => text.ValueKind is JsonValueKind.String));

    private static void WriteInput(Utf8JsonWriter json, JsonElement root, JsonElement text, in TranslationTarget target)
    {
        json.WriteStartObject();
        json.WriteString("model"u8, string.Concat("models/", target.UpstreamModel));
        json.WriteStartObject("content"u8);
        json.WriteStartArray("parts"u8);
        json.WriteStartObject();
        json.WriteRaw("text"u8, text);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        if (root.Has("dimensions"u8, out var dimensions))
            json.WriteRaw("outputDimensionality"u8, dimensions);
        json.WriteEndObject();
    }
}
