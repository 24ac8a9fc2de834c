using System.Text.Json;

namespace Gateway.Host.Telemetry.Content;

/// <summary>A picture, a sound or a file in a message: where it is, or what it is and how long; never its bytes.</summary>
/// <param name="Modality"><c>image</c>, <c>audio</c> or <c>document</c>.</param>
/// <param name="MimeType">Its type, if that was said.</param>
/// <param name="Uri">Where it is.</param>
/// <param name="FileId">The provider's name of it.</param>
/// <param name="Length">The length of what was sent, as it was written. Unit: characters of base64.</param>
internal readonly record struct MediaPart(string Modality, string? MimeType, string? Uri, string? FileId, int Length)
{
    private const string Data = "data:";

    /// <summary>Writes a part of this type; <c>false</c>: it is none of these.</summary>
    public static bool TryWrite(Utf8JsonWriter json, string type, JsonElement part)
    {
        MediaPart? media = type switch
        {
            "image_url" => OfUri("image", part.Find("image_url") is { ValueKind: JsonValueKind.Object } image ? image.FindText("url") : part.FindText("image_url")),
            "input_image" => part.FindText("file_id") is { } id ? new("image", null, null, id, 0) : OfUri("image", part.FindText("image_url")),
            "input_audio" => OfSound(part.Find("input_audio") ?? part),
            "file" => OfFile(part.Find("file") ?? part),
            "input_file" => OfFile(part),
            "image" or "document" => OfSource(type, part.Find("source") ?? part),
            _ => null,
        };
        media?.Write(json);
        return media is not null;
    }

    private static MediaPart OfUri(string modality, string? uri)
    {
        if (uri is null || !uri.StartsWith(Data, StringComparison.OrdinalIgnoreCase))
            return new(modality, null, uri, null, 0);

        var comma = uri.IndexOf(',', StringComparison.Ordinal);
        var type = comma < 0 ? "" : uri[Data.Length..comma].Split(';')[0];
        return new(modality, type.Length == 0 ? null : type, null, null, uri.Length - comma - 1);
    }

    private static MediaPart OfSound(JsonElement sound) =>
        new("audio", sound.FindText("format") is { } format ? $"audio/{format}" : null, null, null, sound.FindText("data")?.Length ?? 0);

    private static MediaPart OfFile(JsonElement file)
    {
        if (file.FindText("file_id") is { } id)
            return new("document", null, null, id, 0);
        return OfUri("document", file.FindText("file_url") ?? file.FindText("file_data"));
    }

    private static MediaPart OfSource(string modality, JsonElement source)
    {
        if (source.FindText("url") is { } url)
            return OfUri(modality, url);
        return new(modality, source.FindText("media_type"), null, source.FindText("file_id"), source.FindText("data")?.Length ?? 0);
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", FileId is not null ? "file" : Uri is not null ? "uri" : "blob");
        json.WriteString("modality", Modality);
        if (MimeType is not null)
            json.WriteString("mime_type", MimeType);
        if (FileId is not null)
        {
            json.WriteString("file_id", FileId);
        }
        else if (Uri is not null)
        {
            json.WriteString("uri", Uri);
        }
        else
        {
            json.WriteString("content", "");
            json.WriteNumber("size", Length);
        }

        json.WriteEndObject();
    }
}
