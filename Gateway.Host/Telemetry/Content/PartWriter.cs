using System.Text.Json;

namespace Gateway.Host.Telemetry.Content;

/// <summary>Writes the parts of a message: each API's own kinds of content in the conventions' kinds. A kind that is not known keeps its name, and nothing else.</summary>
/// <remarks>Bytes of pictures, sound and files are left out, and counted in <c>size</c>: a trace is no place for them.</remarks>
internal static class PartWriter
{
    /// <summary>Writes content that is a text, a list of parts, or nothing.</summary>
    public static void WriteContent(Utf8JsonWriter json, JsonElement? content)
    {
        if (content is { ValueKind: JsonValueKind.String } text)
        {
            WriteText(json, "text", text);
        }
        else if (content is { ValueKind: JsonValueKind.Array } parts)
        {
            foreach (var part in parts.EnumerateArray())
            {
                if (part.ValueKind == JsonValueKind.String)
                    WriteText(json, "text", part);
                else if (part.ValueKind == JsonValueKind.Object)
                    WritePart(json, part);
            }
        }
    }

    /// <summary>Writes a part that has only a text; nothing if there is none.</summary>
    public static void WriteText(Utf8JsonWriter json, string type, JsonElement? text)
    {
        if (text is not { ValueKind: JsonValueKind.String })
            return;

        json.WriteStartObject();
        json.WriteString("type", type);
        json.Copy("content", text);
        json.WriteEndObject();
    }

    /// <summary>Writes what a model asks a tool for.</summary>
    public static void WriteCall(Utf8JsonWriter json, JsonElement? id, JsonElement? name, JsonElement? arguments)
    {
        json.WriteStartObject();
        json.WriteString("type", "tool_call");
        json.Copy("id", id);
        CopyName(json, name);
        json.CopyArguments("arguments", arguments);
        json.WriteEndObject();
    }

    /// <summary>Writes what a tool answered.</summary>
    public static void WriteResponse(Utf8JsonWriter json, JsonElement? id, JsonElement? response)
    {
        json.WriteStartObject();
        json.WriteString("type", "tool_call_response");
        json.Copy("id", id);
        if (response is { } found)
            json.Copy("response", found);
        else
            json.WriteNull("response");
        json.WriteEndObject();
    }

    /// <summary>Writes a name; a call without one has an empty one, because the conventions ask for it.</summary>
    public static void CopyName(Utf8JsonWriter json, JsonElement? name)
    {
        if (name is { ValueKind: JsonValueKind.String } text)
            json.Copy("name", text);
        else
            json.WriteString("name", "");
    }

    /// <summary>Writes a part of an API's own kind.</summary>
    public static void WritePart(Utf8JsonWriter json, JsonElement part)
    {
        var type = part.FindText("type") ?? "unknown";
        switch (type)
        {
            case "text" or "input_text" or "output_text":
                WriteText(json, "text", part.Find("text"));
                break;
            case "thinking":
                WriteText(json, "reasoning", part.Find("thinking"));
                break;
            case "summary_text" or "reasoning_text":
                WriteText(json, "reasoning", part.Find("text"));
                break;
            case "refusal":
                WriteText(json, "refusal", part.Find("refusal"));
                break;
            case "tool_use":
                WriteCall(json, part.Find("id"), part.Find("name"), part.Find("input"));
                break;
            case "tool_result":
                WriteResponse(json, part.Find("tool_use_id"), part.Find("content"));
                break;
            case "server_tool_use":
                WriteServerCall(json, part);
                break;
            default:
                if (!MediaPart.TryWrite(json, type, part))
                    WriteOther(json, type);
                break;
        }
    }

    /// <summary>Writes a part of which only the kind is known.</summary>
    public static void WriteOther(Utf8JsonWriter json, string type)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteEndObject();
    }

    private static void WriteServerCall(Utf8JsonWriter json, JsonElement part)
    {
        json.WriteStartObject();
        json.WriteString("type", "server_tool_call");
        json.Copy("id", part.Find("id"));
        CopyName(json, part.Find("name"));
        json.WriteStartObject("server_tool_call");
        json.WriteString("type", part.FindText("name") ?? "");
        json.Copy("input", part.Find("input"));
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
