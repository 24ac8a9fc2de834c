using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Gemini;

/// <content>The parts of a message: text, and media in the body or by address: https://ai.google.dev/gemini-api/docs/file-input-methods.</content>
internal sealed partial class ChatRequestWriter
{
    /// <summary>Writes a string or an array of text parts as parts; false, with nothing written, if it is neither.</summary>
    private bool TryWriteTexts(JsonElement content)
    {
        if (content.ValueKind is JsonValueKind.String)
        {
            WriteText(content);
            return true;
        }

        if (content.ValueKind is not JsonValueKind.Array || content.GetArrayLength() == 0 || !content.EnumerateArray().All(static part => IsText(part, out _)))
            return false;
        foreach (var part in content.EnumerateArray())
        {
            IsText(part, out var text);
            WriteText(text);
        }

        return true;
    }

    private static bool TryReadTexts(JsonElement content, PooledBuffer output)
    {
        if (content.ValueKind is JsonValueKind.String)
        {
            Decode(content, output);
            return true;
        }

        if (content.ValueKind is not JsonValueKind.Array)
            return false;
        foreach (var part in content.EnumerateArray())
        {
            if (!IsText(part, out var text))
                return false;
            Decode(text, output);
        }

        return true;
    }

    private bool TryWriteParts(JsonElement content, string place)
    {
        if (content.ValueKind is not JsonValueKind.Array || content.GetArrayLength() == 0)
            return Refuse("messages", place, "must be a string or an array of at least one part.");

        var position = 0;
        foreach (var part in content.EnumerateArray())
        {
            var partPlace = $"{place}[{position++}]";
            part.Has("type"u8, out var type);
            if (IsText(part, out var text))
                WriteText(text);
            else if (type.Is("image_url"u8) && part.Has("image_url"u8, out var image) && image.Has("url"u8, out var url) && url.ValueKind is JsonValueKind.String)
            {
                if (!TryWriteImage(url, $"{partPlace}.image_url.url"))
                    return false;
            }
            else if (type.Is("input_audio"u8) && part.Has("input_audio"u8, out var audio))
            {
                if (!TryWriteAudio(audio, $"{partPlace}.input_audio"))
                    return false;
            }
            else if (type.Is("file"u8) && part.Has("file"u8, out var file) && file.Has("file_data"u8, out var data) && data.ValueKind is JsonValueKind.String)
            {
                if (!TryWriteDataUrl(data))
                    return Refuse("messages", $"{partPlace}.file.file_data", "must be a data: URL in base64.");
            }
            else
            {
                return Refuse("messages", partPlace, "must be a text, an image_url, an input_audio or a file with file_data for a Gemini model.");
            }
        }

        return true;
    }

    // The gateway fetches nothing for a client. The Gemini API takes public https addresses by itself, and refuses those that it cannot fetch.
    private bool TryWriteImage(JsonElement url, string place)
    {
        if (TryWriteDataUrl(url))
            return true;
        if (!url.GetString()!.StartsWith("https://", StringComparison.OrdinalIgnoreCase)) // not null: its kind is String
            return Refuse("messages", place, "must be a data: URL in base64 or an https:// URL for a Gemini model.");

        json.WriteStartObject();
        json.WriteStartObject("fileData"u8);
        json.WriteRaw("fileUri"u8, url);
        json.WriteEndObject();
        json.WriteEndObject();
        return true;
    }

    private bool TryWriteAudio(JsonElement audio, string place)
    {
        var mimeType = !audio.Has("format"u8, out var format) ? null : format.Is("wav"u8) ? "audio/wav" : format.Is("mp3"u8) ? "audio/mp3" : null;
        using var base64 = new PooledBuffer();
        if (audio.Has("data"u8, out var data) && data.ValueKind is JsonValueKind.String)
            Decode(data, base64);
        if (mimeType is null || !IsBase64(base64.WrittenSpan))
            return Refuse("messages", place, "must have data in base64 and the format wav or mp3.");

        WriteInline(Encoding.ASCII.GetBytes(mimeType), base64.WrittenSpan);
        return true;
    }

    private bool TryWriteDataUrl(JsonElement text)
    {
        const string Scheme = "data:";
        using var decoded = new PooledBuffer();
        Decode(text, decoded);
        var url = decoded.WrittenSpan;
        var mark = url.IndexOf(";base64,"u8);
        if (mark < Scheme.Length || !Ascii.EqualsIgnoreCase(url[..Scheme.Length], Scheme))
            return false;

        // Parameters such as a charset say nothing about media.
        var mimeType = url[Scheme.Length..mark];
        if (mimeType.IndexOf((byte)';') is >= 0 and var end)
            mimeType = mimeType[..end];

        var data = url[(mark + ";base64,".Length)..];
        if (mimeType.IsEmpty || !IsBase64(data))
            return false;
        WriteInline(mimeType, data);
        return true;
    }

    private void WriteInline(ReadOnlySpan<byte> mimeType, ReadOnlySpan<byte> base64)
    {
        json.WriteStartObject();
        json.WriteStartObject("inlineData"u8);
        json.WriteString("mimeType"u8, mimeType);
        json.WriteString("data"u8, base64);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteText(JsonElement text)
    {
        json.WriteStartObject();
        json.WriteRaw("text"u8, text);
        json.WriteEndObject();
    }

    private static bool IsText(JsonElement part, out JsonElement text)
    {
        text = default;
        return part.Has("type"u8, out var type) && type.Is("text"u8) && part.Has("text"u8, out text) && text.ValueKind is JsonValueKind.String;
    }

    private static bool IsBase64(ReadOnlySpan<byte> data) => !data.IsEmpty && Base64.IsValid(data);

    private static void Decode(JsonElement text, PooledBuffer output) => JsonText.Append(output, JsonMarshal.GetRawUtf8Value(text)[1..^1], escaped: true);
}
