using System.Text.Json;
using Gateway.Transforms;

namespace Gateway.Host.Telemetry.Content;

/// <summary>The messages of an answer: one for each choice, each as what writes it.</summary>
internal static class AnswerMessages
{
    public static IEnumerable<Action<Utf8JsonWriter>> Of(CallKind kind, JsonElement root)
    {
        if (kind == CallKind.Messages)
            return root.Find("content") is { } content ? [json => Write(json, parts => PartWriter.WriteContent(parts, content), OfStopReason(root.FindText("stop_reason")))] : [];
        if (kind == CallKind.Responses)
            return root.Find("output") is null ? [] : [json => Write(json, parts => WriteOutput(parts, root), OfStatus(root))];
        return root.FindObjects("choices").Select(choice => (Action<Utf8JsonWriter>)(json => Write(json, parts => WriteChoice(parts, choice), OfFinishReason(choice.FindText("finish_reason")))));
    }

    private static void Write(Utf8JsonWriter json, Action<Utf8JsonWriter> writeParts, string? finishReason)
    {
        json.WriteStartObject();
        json.WriteString("role", "assistant");
        json.WriteStartArray("parts");
        writeParts(json);
        json.WriteEndArray();
        if (finishReason is not null)
            json.WriteString("finish_reason", finishReason);
        json.WriteEndObject();
    }

    private static void WriteChoice(Utf8JsonWriter json, JsonElement choice)
    {
        PartWriter.WriteText(json, "text", choice.Find("text"));
        if (choice.Find("message") is { } message)
            Conversation.WriteSaid(json, message);
    }

    private static void WriteOutput(Utf8JsonWriter json, JsonElement root)
    {
        foreach (var item in root.FindObjects("output"))
            Conversation.WriteItemParts(json, item);
    }

    private static string? OfFinishReason(string? reason) => reason is "tool_calls" or "function_call" ? "tool_call" : reason;

    private static string? OfStopReason(string? reason) => reason switch
    {
        "end_turn" or "stop_sequence" => "stop",
        "max_tokens" or "model_context_window_exceeded" => "length",
        "tool_use" => "tool_call",
        "refusal" => "content_filter",
        _ => reason,
    };

    private static string? OfStatus(JsonElement root) => root.FindText("status") switch
    {
        "completed" => root.FindObjects("output").Any(static item => item.FindText("type") is "function_call" or "custom_tool_call") ? "tool_call" : "stop",
        "incomplete" => root.Find("incomplete_details")?.FindText("reason") is "content_filter" ? "content_filter" : "length",
        "failed" => "error",
        _ => null,
    };
}
