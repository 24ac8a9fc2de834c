using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gateway.Host.Telemetry.Content;

/// <summary>Reads members that may be missing or of another type, and copies values as they were written.</summary>
internal static class JsonParts
{
    // The value of an attribute is no HTML: what people wrote stays readable.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>What this writes, as UTF-8.</summary>
    public static ReadOnlyMemory<byte> Written(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Readable))
            write(json);
        return buffer.WrittenMemory;
    }

    /// <summary>A member of an object; <c>null</c>: it is missing, or JSON's null.</summary>
    public static JsonElement? Find(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var found) && found.ValueKind != JsonValueKind.Null ? found : null;

    /// <summary>A member that is a string; <c>null</c>: it is not.</summary>
    public static string? FindText(this JsonElement element, string name) => element.Find(name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    /// <summary>The objects of a member that is a list; others are left out.</summary>
    public static IEnumerable<JsonElement> FindObjects(this JsonElement element, string name) =>
        element.Find(name) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray().Where(static item => item.ValueKind == JsonValueKind.Object) : [];

    /// <summary>Copies a value, byte for byte; nothing if there is none.</summary>
    public static void Copy(this Utf8JsonWriter json, string name, JsonElement? value)
    {
        if (value is not { } found)
            return;

        json.WritePropertyName(name);
        json.WriteRawValue(JsonMarshal.GetRawUtf8Value(found), skipInputValidation: true);
    }

    /// <summary>Copies the arguments of a tool, which some APIs send as the text of an object: here they are the object.</summary>
    public static void CopyArguments(this Utf8JsonWriter json, string name, JsonElement? value)
    {
        if (value is { ValueKind: JsonValueKind.String } text)
        {
            try
            {
                using var parsed = JsonDocument.Parse(text.GetString()!); // not null: it is a string
                json.Copy(name, parsed.RootElement);
                return;
            }
            catch (JsonException)
            {
                // A model may write arguments that are no JSON: they are shown as they are.
            }
        }

        json.Copy(name, value);
    }
}
