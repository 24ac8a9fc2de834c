using System.Text.Json;

namespace Gateway.Transforms.Tokens;

/// <summary>Tokens of the <c>messages</c> of a chat completion request.</summary>
internal static class MessageTokens
{
    // Of tool calls in the history: https://community.openai.com/t/538914 finds 8 a call, and 24 around calls that are parallel.
    private const int PerToolCall = 8;
    private const int ParallelToolCalls = 24;

    // Audio is 10 tokens a second; 2,000 bytes a second is the slowest usual MP3 (16 kbit/s), and base64 is 4 characters for 3 bytes.
    private const int AudioBase64BytesPerToken = 266;

    public static void Add(ref PromptTally tally, ReadOnlySpan<byte> json, string model)
    {
        if (json.IsEmpty) return;
        var reader = JsonWalk.Open(json);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            AddAny(ref tally, ref reader, json);
            return;
        }

        while (JsonWalk.NextItem(ref reader))
        {
            tally.Add(ChatTokens.PerMessage);
            if (reader.TokenType == JsonTokenType.StartObject) AddMessage(ref tally, ref reader, json, model);
            else AddAny(ref tally, ref reader, json);
        }
    }

    private static void AddMessage(ref PromptTally tally, scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> json, string model)
    {
        while (JsonWalk.NextProperty(ref reader))
        {
            if (reader.ValueTextEquals("content"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.StartArray) AddParts(ref tally, ref reader, json, model);
                else AddAny(ref tally, ref reader, json);
            }
            else if (reader.ValueTextEquals("tool_calls"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.StartArray) AddToolCalls(ref tally, ref reader, json);
                else AddAny(ref tally, ref reader, json);
            }
            else if (reader.ValueTextEquals("name"u8))
            {
                tally.Add(ChatTokens.PerName);
                reader.Read();
                AddAny(ref tally, ref reader, json);
            }
            else
            {
                // The id of a call pairs messages and is not shown to the model.
                var isId = reader.ValueTextEquals("tool_call_id"u8);
                reader.Read();
                if (isId) reader.Skip();
                else AddAny(ref tally, ref reader, json);
            }
        }
    }

    /// <summary>The items of an array that the reader stands on: strings and content parts.</summary>
    public static void AddParts(ref PromptTally tally, scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> json, string model)
    {
        while (JsonWalk.NextItem(ref reader))
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                AddAny(ref tally, ref reader, json);
                continue;
            }

            var part = JsonWalk.Raw(ref reader, json);
            AddPart(ref tally, part, model);
        }
    }

    private static void AddPart(ref PromptTally tally, ReadOnlySpan<byte> part, string model)
    {
        var reader = JsonWalk.Open(part);
        reader.Read();
        var known = false;
        while (JsonWalk.NextProperty(ref reader))
        {
            if (reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("refusal"u8))
            {
                reader.Read();
                AddAny(ref tally, ref reader, part);
                known = true;
            }
            else if (reader.ValueTextEquals("image_url"u8))
            {
                reader.Read();
                var image = JsonWalk.Raw(ref reader, part);
                tally.AddReserved(ImageTokens.Reserve(model, IsLowDetail(image)));
                known = true;
            }
            else if (reader.ValueTextEquals("input_audio"u8))
            {
                reader.Read();
                tally.AddReserved(1 + (JsonWalk.Raw(ref reader, part).Length / AudioBase64BytesPerToken));
                known = true;
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        if (!known) tally.AddText(part);
    }

    /// <summary>Whether an image says <c>"detail":"low"</c>.</summary>
    public static bool IsLowDetail(ReadOnlySpan<byte> image)
    {
        var reader = JsonWalk.Open(image);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) return false;
        while (JsonWalk.NextProperty(ref reader))
        {
            var isDetail = reader.ValueTextEquals("detail"u8);
            reader.Read();
            if (isDetail && reader.TokenType == JsonTokenType.String) return reader.ValueTextEquals("low"u8);
            reader.Skip();
        }

        return false;
    }

    private static void AddToolCalls(ref PromptTally tally, scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        var calls = 0;
        while (JsonWalk.NextItem(ref reader))
        {
            calls++;
            tally.Add(PerToolCall);
            if (reader.TokenType == JsonTokenType.StartObject) AddToolCall(ref tally, ref reader, json);
            else AddAny(ref tally, ref reader, json);
        }

        if (calls > 1) tally.Add(ParallelToolCalls);
    }

    private static void AddToolCall(ref PromptTally tally, scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        while (JsonWalk.NextProperty(ref reader))
        {
            // The id and the type are not shown to the model.
            var isFrame = reader.ValueTextEquals("id"u8) || reader.ValueTextEquals("type"u8) || reader.ValueTextEquals("index"u8);
            reader.Read();
            if (isFrame) reader.Skip();
            else if (reader.TokenType == JsonTokenType.StartObject) AddValues(ref tally, ref reader, json);
            else AddAny(ref tally, ref reader, json);
        }
    }

    /// <summary>The values of an object, without its keys: <c>name</c> and <c>arguments</c> of a function.</summary>
    private static void AddValues(ref PromptTally tally, scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        while (JsonWalk.NextProperty(ref reader))
        {
            reader.Read();
            AddAny(ref tally, ref reader, json);
        }
    }

    /// <summary>A string by its text, null by nothing, anything else by its JSON.</summary>
    public static void AddAny(ref PromptTally tally, scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        if (reader.TokenType == JsonTokenType.String) tally.AddText(JsonWalk.Text(reader));
        else if (reader.TokenType != JsonTokenType.Null) tally.AddText(JsonWalk.Raw(ref reader, json));
    }
}
