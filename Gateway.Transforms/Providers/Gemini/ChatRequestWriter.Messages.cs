using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Providers.Gemini;

/// <content>
/// The conversation: instructions apart, turns of <c>user</c> and <c>model</c>, calls and their results by name. What a message says about
/// itself (<c>name</c>, <c>reasoning_content</c>, <c>annotations</c>) is no part of what is asked, and stays behind.
/// </content>
internal sealed partial class ChatRequestWriter
{
    private readonly Dictionary<string, JsonElement> _calledNames = new(StringComparer.Ordinal);

    private bool TryWriteMessages()
    {
        if (!Member("messages", out var messages))
            return Refuse("messages", "is missing.");
        if (!TryWriteInstructions(messages))
            return false;

        json.WriteStartArray("contents"u8);
        var position = -1;
        var turns = 0;
        var isInResults = false;
        foreach (var message in messages.EnumerateArray())
        {
            position++;
            message.Has("role"u8, out var role);
            var isResult = role.Is("tool"u8);

            // The results of calls made side by side are one turn: the Gemini API demands as many as there were calls.
            if (isInResults && !isResult)
                EndTurn();
            if (isResult && !isInResults)
                BeginTurn("user"u8);
            isInResults = isResult;
            if (!TryWriteTurn(message, role, $"messages[{position}]", ref turns))
                return false;
        }

        if (isInResults)
            EndTurn();
        json.WriteEndArray();
        return turns > 0 || Refuse("messages", "must hold a message that is neither system nor developer for a Gemini model.");
    }

    private bool TryWriteInstructions(JsonElement messages)
    {
        var has = false;
        var position = -1;
        foreach (var message in messages.EnumerateArray())
        {
            position++;
            if (!message.Has("role"u8, out var role) || !(role.Is("system"u8) || role.Is("developer"u8)))
                continue;
            if (!has)
            {
                json.WriteStartObject("systemInstruction"u8);
                json.WriteStartArray("parts"u8);
            }

            has = true;
            if (!message.Has("content"u8, out var content) || !TryWriteTexts(content))
                return Refuse("messages", $"messages[{position}].content", "must be a string or an array of text parts.");
        }

        if (has)
            EndTurn();
        return true;
    }

    private bool TryWriteTurn(JsonElement message, JsonElement role, string place, ref int turns)
    {
        if (role.Is("system"u8) || role.Is("developer"u8))
            return true;

        turns++;
        if (role.Is("tool"u8))
            return TryWriteResult(message, place);
        if (role.Is("assistant"u8))
            return TryWriteReply(message, place);
        if (!role.Is("user"u8))
            return Refuse("messages", $"{place}.role", "must be system, developer, user, assistant or tool.");
        if (!message.Has("content"u8, out var content))
            return Refuse("messages", $"{place}.content", "is missing.");

        BeginTurn("user"u8);
        if (!TryWriteTexts(content) && !TryWriteParts(content, $"{place}.content"))
            return false;
        EndTurn();
        return true;
    }

    private bool TryWriteReply(JsonElement message, string place)
    {
        if (message.Has("function_call"u8, out _) || message.Has("audio"u8, out _))
            return Refuse("messages", place, "must not have function_call or audio for a Gemini model: send tool_calls and content.");

        var hasText = (message.Has("content"u8, out var content) && !content.Is(""u8)) || message.Has("refusal"u8, out content);
        var hasCalls = message.Has("tool_calls"u8, out var calls);
        if (hasCalls && calls.ValueKind is not JsonValueKind.Array)
            return Refuse("messages", $"{place}.tool_calls", "must be an array.");

        // A turn without parts is refused by the Gemini API, and says nothing.
        if (!hasText && (!hasCalls || calls.GetArrayLength() == 0))
            return true;

        BeginTurn("model"u8);
        if (hasText && !TryWriteTexts(content))
            return Refuse("messages", $"{place}.content", "must be a string or an array of text parts.");
        if (hasCalls && !TryWriteCalls(calls, place))
            return false;
        EndTurn();
        return true;
    }

    private bool TryWriteCalls(JsonElement calls, string place)
    {
        var position = 0;
        foreach (var call in calls.EnumerateArray())
        {
            var callPlace = $"{place}.tool_calls[{position}]";
            if (!call.Has("id"u8, out var id) || id.ValueKind is not JsonValueKind.String || !call.Has("function"u8, out var function)
                || !function.Has("name"u8, out var name) || name.ValueKind is not JsonValueKind.String)
            {
                return Refuse("messages", callPlace, "must have an id and a function with a name.");
            }

            using var arguments = new PooledBuffer(256);
            if (function.Has("arguments"u8, out var text) && text.ValueKind is JsonValueKind.String)
                Decode(text, arguments);
            if (arguments.Length == 0)
                arguments.Write("{}"u8);
            if (!IsObject(arguments.WrittenSpan))
                return Refuse("messages", $"{callPlace}.function.arguments", "must be a string that holds a JSON object for a Gemini model.");

            _calledNames[id.GetString()!] = name; // not null: its kind is String
            json.WriteStartObject();
            json.WriteStartObject("functionCall"u8);
            json.WriteRaw("id"u8, id);
            json.WriteRaw("name"u8, name);
            json.WritePropertyName("args"u8);
            json.WriteRawValue(arguments.WrittenSpan, skipInputValidation: true);
            json.WriteEndObject();
            WriteSignature(call, isFirst: position == 0);
            json.WriteEndObject();
            position++;
        }

        return true;
    }

    private bool TryWriteResult(JsonElement message, string place)
    {
        if (!message.Has("tool_call_id"u8, out var id) || id.ValueKind is not JsonValueKind.String || !_calledNames.TryGetValue(id.GetString()!, out var name)) // not null: its kind is String
            return Refuse("messages", $"{place}.tool_call_id", "must be the id of a call in an earlier message.");

        using var text = new PooledBuffer(256);
        if (message.Has("content"u8, out var content) && !TryReadTexts(content, text))
            return Refuse("messages", $"{place}.content", "must be a string or an array of text parts.");

        json.WriteStartObject();
        json.WriteStartObject("functionResponse"u8);
        json.WriteRaw("id"u8, id);
        json.WriteRaw("name"u8, name);
        json.WritePropertyName("response"u8);
        if (IsObject(text.WrittenSpan))
        {
            json.WriteRawValue(text.WrittenSpan, skipInputValidation: true);
        }
        else
        {
            // The member that Gemini reads a plain result from: https://ai.google.dev/api/caching#FunctionResponse
            json.WriteStartObject();
            json.WriteString("output"u8, text.WrittenSpan);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
        return true;
    }

    private void BeginTurn(ReadOnlySpan<byte> role)
    {
        json.WriteStartObject();
        json.WriteString("role"u8, role);
        json.WriteStartArray("parts"u8);
    }

    private void EndTurn()
    {
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static bool IsObject(ReadOnlySpan<byte> text)
    {
        try
        {
            var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = RequestIndex.MaxDepth });
            if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
                return false;
            reader.Skip();
            return !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
