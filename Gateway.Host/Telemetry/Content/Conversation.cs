using System.Text.Json;
using Gateway.Transforms;

namespace Gateway.Host.Telemetry.Content;

/// <summary>The messages, the instructions and the tools of a request, each as what writes it.</summary>
internal static class Conversation
{
    /// <summary>The messages, the oldest first.</summary>
    public static IEnumerable<Action<Utf8JsonWriter>> Of(CallKind kind, JsonElement root)
    {
        if (kind == CallKind.Chat || kind == CallKind.Messages)
            return root.FindObjects("messages").Select(static message => (Action<Utf8JsonWriter>)(json => WriteMessage(json, message)));
        var prompt = root.Find(kind.PromptMember);
        if (prompt is { ValueKind: JsonValueKind.String } text)
            return [json => WriteUser(json, text)];
        if (prompt is not { ValueKind: JsonValueKind.Array } items)
            return [];
        return kind == CallKind.Responses
            ? items.EnumerateArray().Where(static item => item.ValueKind == JsonValueKind.Object).Select(static item => (Action<Utf8JsonWriter>)(json => WriteItem(json, item)))
            : Prompts(items);
    }

    /// <summary>What stands apart from the messages: <c>instructions</c>, or Anthropic's <c>system</c>.</summary>
    public static IEnumerable<Action<Utf8JsonWriter>> InstructionsOf(CallKind kind, JsonElement root)
    {
        var member = kind == CallKind.Responses ? "instructions" : kind == CallKind.Messages ? "system" : null;
        if (member is null || root.Find(member) is not { } said)
            return [];
        if (said.ValueKind == JsonValueKind.String)
            return [json => PartWriter.WriteText(json, "text", said)];
        return root.FindObjects(member).Select(static part => (Action<Utf8JsonWriter>)(json => PartWriter.WritePart(json, part)));
    }

    /// <summary>The tools by name; the conventions advise against their descriptions and schemas.</summary>
    public static IEnumerable<Action<Utf8JsonWriter>> ToolsOf(JsonElement root) => root.FindObjects("tools").Select(static tool => (Action<Utf8JsonWriter>)(json =>
    {
        // Anthropic's tools of a client have no type, and those of a provider often no name.
        var type = tool.FindText("type") ?? "function";
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteString("name", tool.FindText("name") ?? tool.Find(type)?.FindText("name") ?? type);
        json.WriteEndObject();
    }));

    // A list of texts is several prompts; a list of numbers, or of lists of them, is tokens that only the model can read.
    private static IEnumerable<Action<Utf8JsonWriter>> Prompts(JsonElement items)
    {
        if (items.EnumerateArray().All(static item => item.ValueKind == JsonValueKind.String))
            return items.EnumerateArray().Select(static text => (Action<Utf8JsonWriter>)(json => WriteUser(json, text)));
        return [static json => WriteAs(json, "user", static parts => PartWriter.WriteOther(parts, "tokens"))];
    }

    private static void WriteUser(Utf8JsonWriter json, JsonElement text) => WriteAs(json, "user", parts => PartWriter.WriteText(parts, "text", text));

    private static void WriteAs(Utf8JsonWriter json, string role, Action<Utf8JsonWriter> write)
    {
        json.WriteStartObject();
        json.WriteString("role", role);
        json.WriteStartArray("parts");
        write(json);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteMessage(Utf8JsonWriter json, JsonElement message)
    {
        json.WriteStartObject();
        json.WriteString("role", message.FindText("role") ?? "");
        json.Copy("name", message.Find("name"));
        json.WriteStartArray("parts");
        WriteSaid(json, message);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Writes what a message says: reasoning first, then its content, then the tools that it asks for.</summary>
    public static void WriteSaid(Utf8JsonWriter json, JsonElement message)
    {
        if (message.FindText("role") is "tool" or "function")
        {
            PartWriter.WriteResponse(json, message.Find("tool_call_id"), message.Find("content"));
            return;
        }

        PartWriter.WriteText(json, "reasoning", message.Find("reasoning_content") ?? message.Find("reasoning"));
        PartWriter.WriteContent(json, message.Find("content"));
        PartWriter.WriteText(json, "refusal", message.Find("refusal"));
        foreach (var call in message.FindObjects("tool_calls"))
        {
            var function = call.Find("function") ?? call.Find("custom");
            PartWriter.WriteCall(json, call.Find("id"), function?.Find("name"), function?.Find("arguments") ?? function?.Find("input"));
        }

        if (message.Find("function_call") is { } old)
            PartWriter.WriteCall(json, id: null, old.Find("name"), old.Find("arguments"));
    }

    // https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
    private static void WriteItem(Utf8JsonWriter json, JsonElement item)
    {
        var role = item.FindText("type") switch
        {
            null or "message" => item.FindText("role") ?? "",
            "function_call_output" or "custom_tool_call_output" => "tool",
            _ => "assistant",
        };
        WriteAs(json, role, parts => WriteItemParts(parts, item));
    }

    /// <summary>Writes the parts of one item of a response's input or output.</summary>
    public static void WriteItemParts(Utf8JsonWriter json, JsonElement item)
    {
        switch (item.FindText("type"))
        {
            case null or "message":
                PartWriter.WriteContent(json, item.Find("content"));
                break;
            case "function_call" or "custom_tool_call":
                PartWriter.WriteCall(json, item.Find("call_id"), item.Find("name"), item.Find("arguments") ?? item.Find("input"));
                break;
            case "function_call_output" or "custom_tool_call_output":
                PartWriter.WriteResponse(json, item.Find("call_id"), item.Find("output"));
                break;
            case "reasoning":
                PartWriter.WriteContent(json, item.Find("summary"));
                PartWriter.WriteContent(json, item.Find("content"));
                break;
            case var other:
                PartWriter.WriteOther(json, other);
                break;
        }
    }
}
