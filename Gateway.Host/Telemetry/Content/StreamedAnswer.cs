using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Transforms;

namespace Gateway.Host.Telemetry.Content;

/// <summary>Joins a stream of events to the answer that would have come without one, as far as it got; only of what the attributes need.</summary>
internal sealed class StreamedAnswer
{
    // A stream that names more choices, blocks or tools than this is not one that somebody reads.
    private const int MostPieces = 128;

    // A member that comes twice would throw where it is read.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private readonly SortedDictionary<int, JsonObject> _pieces = [];
    private readonly Dictionary<(JsonObject Owner, string Name), StringBuilder> _texts = [];
    private ReadOnlyMemory<byte> _response = "{}"u8.ToArray();
    private string? _stopReason;

    /// <summary>The joined answer, as JSON.</summary>
    public static ReadOnlyMemory<byte> Join(CallKind kind, ReadOnlyMemory<byte> stream)
    {
        var answer = new StreamedAnswer();
        using var bytes = new MemoryStream(stream.ToArray(), writable: false);
        foreach (var item in SseParser.Create(bytes).Enumerate())
        {
            if (!item.Data.StartsWith('{'))
                continue;
            using var document = JsonDocument.Parse(item.Data);
            answer.Add(kind, document.RootElement);
        }

        return kind == CallKind.Responses ? answer._response : JsonParts.Written(json => answer.Joined(kind).WriteTo(json));
    }

    private void Add(CallKind kind, JsonElement data)
    {
        // Each event of a response's state carries all of it.
        if (kind == CallKind.Responses && data.Find("response") is { } response)
            _response = JsonParts.Written(json => response.WriteTo(json));
        else if (kind == CallKind.Messages)
            AddBlock(data);
        else
            AddChoices(data);
    }

    private void AddChoices(JsonElement data)
    {
        foreach (var choice in data.FindObjects("choices"))
        {
            if (PieceOf(choice) is not { } piece)
                continue;
            Append(piece, "text", choice);
            if (choice.FindText("finish_reason") is { } reason)
                piece["finish_reason"] = reason;
            if (choice.Find("delta") is not { } delta)
                continue;

            var message = Child(piece, "message");
            Append(message, "content", delta);
            Append(message, "reasoning_content", delta);
            Append(message, "refusal", delta);
            foreach (var call in delta.FindObjects("tool_calls"))
                AddCall(message, call);
        }
    }

    private void AddCall(JsonObject message, JsonElement delta)
    {
        if (IndexOf(delta) is not { } index)
            return;

        var calls = message["tool_calls"] as JsonArray ?? [];
        message["tool_calls"] = calls;
        while (calls.Count <= index)
            calls.Add(new JsonObject());
        var call = (JsonObject)calls[index]!; // not null: only objects are put in
        if (delta.FindText("id") is { } id)
            call["id"] = id;
        if (delta.Find("function") is not { } function)
            return;

        var joined = Child(call, "function");
        if (function.FindText("name") is { } name)
            joined["name"] = name;
        Append(joined, "arguments", function);
    }

    // https://platform.claude.com/docs/en/build-with-claude/streaming
    private void AddBlock(JsonElement data)
    {
        if (data.FindText("type") is "message_delta")
            _stopReason = data.Find("delta")?.FindText("stop_reason") ?? _stopReason;
        else if (data.Find("content_block") is { ValueKind: JsonValueKind.Object } block && IndexOf(data) is { } index)
            _pieces[index] = (JsonObject)JsonNode.Parse(block.GetRawText(), documentOptions: Strict)!; // not null: it is an object
        else if (data.Find("delta") is { } delta && PieceOf(data) is { } piece)
            AddDelta(piece, delta);
    }

    private void AddDelta(JsonObject piece, JsonElement delta)
    {
        Append(piece, "text", delta);
        Append(piece, "thinking", delta);
        Append(piece, "input", delta, "partial_json");
    }

    private JsonObject Joined(CallKind kind)
    {
        // A block that starts with some text goes on with its deltas; a tool's input starts as an empty object, which its deltas replace.
        foreach (var ((owner, name), text) in _texts)
            owner[name] = owner[name] is JsonValue begun && begun.TryGetValue<string>(out var beginning) ? beginning + text : text.ToString();
        var pieces = new JsonArray([.. _pieces.Values]);
        return kind == CallKind.Messages ? new JsonObject { ["content"] = pieces, ["stop_reason"] = _stopReason } : new JsonObject { ["choices"] = pieces };
    }

    private void Append(JsonObject owner, string name, JsonElement delta, string? from = null)
    {
        if (delta.FindText(from ?? name) is not { Length: > 0 } text)
            return;
        if (!_texts.TryGetValue((owner, name), out var joined))
            _texts[(owner, name)] = joined = new StringBuilder();
        joined.Append(text);
    }

    private JsonObject? PieceOf(JsonElement element)
    {
        if (IndexOf(element) is not { } index)
            return null;
        if (!_pieces.TryGetValue(index, out var piece))
            _pieces[index] = piece = [];
        return piece;
    }

    private static int? IndexOf(JsonElement element) =>
        element.Find("index") is not { } index ? 0 : index.ValueKind == JsonValueKind.Number && index.TryGetInt32(out var number) && number is >= 0 and < MostPieces ? number : null;

    private static JsonObject Child(JsonObject owner, string name)
    {
        if (owner[name] is JsonObject child)
            return child;
        var made = new JsonObject();
        owner[name] = made;
        return made;
    }
}
