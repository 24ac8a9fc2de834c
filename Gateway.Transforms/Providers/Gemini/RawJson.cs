using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gateway.Transforms.Providers.Gemini;

/// <summary>JSON that goes from one body into another as it is spelled: numbers keep every digit, texts every escape.</summary>
internal static class RawJson
{
    /// <summary>For requests. The encoder leaves letters beyond ASCII as they are: a body is no HTML.</summary>
    public static readonly JsonWriterOptions WriterOptions = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a member with the value's own spelling.</summary>
    public static void WriteRaw(this Utf8JsonWriter json, ReadOnlySpan<byte> name, JsonElement value)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);
    }

    /// <summary>Whether a value is this text.</summary>
    public static bool Is(this JsonElement value, ReadOnlySpan<byte> text) => value.ValueKind is JsonValueKind.String && value.ValueEquals(text);

    /// <summary>A member of an object that is there and not null.</summary>
    public static bool Has(this JsonElement value, ReadOnlySpan<byte> name, out JsonElement member)
    {
        member = default;
        return value.ValueKind is JsonValueKind.Object && value.TryGetProperty(name, out member) && member.ValueKind is not JsonValueKind.Null;
    }

    /// <summary>Writes JSON as the inside of a JSON string, without the white space between its tokens.</summary>
    public static void WriteInString(ReadOnlySpan<byte> json, IBufferWriter<byte> output)
    {
        var target = output.GetSpan(json.Length * 2);
        var written = 0;
        var isInString = false;
        for (var i = 0; i < json.Length; i++)
        {
            var letter = json[i];
            switch (letter)
            {
                case (byte)'"':
                    isInString = !isInString;
                    target[written++] = (byte)'\\';
                    break;
                case (byte)'\\':
                    // An escape: both of its letters, so that an escaped quotation mark does not end the string.
                    target[written++] = (byte)'\\';
                    target[written++] = letter;
                    letter = json[++i];
                    if (letter is (byte)'"' or (byte)'\\')
                        target[written++] = (byte)'\\';
                    break;
                case (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t' when !isInString:
                    continue;
            }

            target[written++] = letter;
        }

        output.Advance(written);
    }
}
