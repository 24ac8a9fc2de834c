using System.Text;
using System.Text.Json;

namespace Gateway.Transforms.Watchdog;

/// <summary>What an answer says, apart from its wrapping: the first choice's text, or its tool calls as a JSON array. For comparing, not for clients.</summary>
public static class AnswerText
{
    private const int MaxToolCalls = 128;

    /// <summary>Of a chat completion, or of the stream of one.</summary>
    /// <param name="body">The whole answer.</param>
    /// <param name="streamed">Whether it is a stream of server-sent events.</param>
    /// <returns>UTF-8; <c>null</c>: it cannot be read, or says nothing.</returns>
    public static byte[]? Of(ReadOnlyMemory<byte> body, bool streamed)
    {
        var said = new Said();
        try
        {
            if (streamed)
                ReadStream(body, said);
            else
                Read(body, "message", said);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: half a surrogate pair, or a member of another kind than it should be.
            return null;
        }

        return said.ToBytes();
    }

    private static void ReadStream(ReadOnlyMemory<byte> body, Said said)
    {
        while (body.Length > 0)
        {
            var end = body.Span.IndexOf((byte)'\n');
            var line = end < 0 ? body : body[..end];
            body = end < 0 ? default : body[(end + 1)..];
            if (!line.Span.StartsWith("data:"u8))
                continue;

            var data = line["data:".Length..];
            if (data.Span.Trim(" \r"u8).StartsWith("{"u8))
                Read(data, "delta", said);
        }
    }

    private static void Read(ReadOnlyMemory<byte> json, string message, Said said)
    {
        using var document = JsonDocument.Parse(json);
        if (!document.RootElement.TryGetProperty("choices", out var choices) || choices.GetArrayLength() == 0)
            return;
        if (!choices[0].TryGetProperty(message, out var part) || part.ValueKind != JsonValueKind.Object)
            return;

        if (part.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String)
            said.Text.Append(content.GetString());
        if (!part.TryGetProperty("tool_calls", out var calls) || calls.ValueKind != JsonValueKind.Array)
            return;

        var place = 0;
        foreach (var call in calls.EnumerateArray())
        {
            if (call.TryGetProperty("function", out var function))
                said.Add(call.TryGetProperty("index", out var index) ? index.GetInt32() : place, function);
            place++;
        }
    }

    private sealed class Said
    {
        private readonly SortedDictionary<int, (string Name, StringBuilder Arguments)> calls = [];

        public StringBuilder Text { get; } = new();

        public void Add(int index, JsonElement function)
        {
            var (name, arguments) = calls.TryGetValue(index, out var known) ? known : ("", new StringBuilder());
            if (calls.Count >= MaxToolCalls && !calls.ContainsKey(index))
                return;
            if (function.TryGetProperty("name", out var part) && part.ValueKind == JsonValueKind.String)
                name += part.GetString();
            if (function.TryGetProperty("arguments", out part) && part.ValueKind == JsonValueKind.String)
                arguments.Append(part.GetString());
            calls[index] = (name, arguments);
        }

        public byte[]? ToBytes()
        {
            if (calls.Count == 0)
                return Text.Length == 0 ? null : Encoding.UTF8.GetBytes(Text.ToString());

            using var buffer = new MemoryStream();
            using (var json = new Utf8JsonWriter(buffer))
            {
                json.WriteStartArray();
                foreach (var (name, arguments) in calls.Values)
                {
                    json.WriteStartObject();
                    json.WriteString("name", name);
                    json.WritePropertyName("arguments");
                    WriteArguments(json, arguments.ToString());
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }

            return buffer.ToArray();
        }

        // As JSON, so that they are compared field by field; a model's broken JSON as the text that it is.
        private static void WriteArguments(Utf8JsonWriter json, string arguments)
        {
            try
            {
                using var document = JsonDocument.Parse(arguments);
                document.RootElement.WriteTo(json);
            }
            catch (JsonException)
            {
                json.WriteStringValue(arguments);
            }
        }
    }
}
