using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Transforms.Compression;

namespace Gateway.Tests.Compression;

/// <summary>Conversations of real agents with their tools: <c>Fixtures/Transcripts/compress-SOURCES.md</c>.</summary>
internal static class RecordedConversations
{
    /// <summary>All of them: each a list of messages of the chat format.</summary>
    public static IReadOnlyList<JsonArray> All { get; } = [.. Lines("compress-tau-bench.jsonl").Concat(Lines("compress-swe-agent.jsonl")).Select(static line => line["messages"]!.AsArray())];

    /// <summary>Real system prompts.</summary>
    public static IReadOnlyList<byte[]> SystemPrompts { get; } = [.. Lines("compress-system-prompts.jsonl").Select(static line => Encoding.UTF8.GetBytes((string)line["text"]!))];

    /// <summary>What tools returned in them.</summary>
    public static IReadOnlyList<byte[]> ToolOutputs { get; } =
    [
        .. All.SelectMany(static messages => messages).Where(static message => (string?)message!["role"] == "tool").Select(static message => Encoding.UTF8.GetBytes((string)message!["content"]!)),
    ];

    /// <summary>Every block with its role.</summary>
    public static IEnumerable<(BlockRole Role, byte[] Block)> Blocks =>
        SystemPrompts.Select(static block => (BlockRole.System, block)).Concat(ToolOutputs.Select(static block => (BlockRole.Tool, block)));

    /// <summary>A request with the first messages of a conversation, in spellings that a careless rewrite would lose.</summary>
    public static byte[] Request(JsonArray messages, int count)
    {
        var body = new StringBuilder("{ \"model\":\"gpt-4o\" , \"temperature\":1.0,\"seed\": 12345678901234567890, \"messages\" :[\n");
        for (var i = 0; i < count; i++) body.Append(i > 0 ? " ,\n" : "").Append(messages[i]!.ToJsonString(Escaping));
        return Encoding.UTF8.GetBytes(body.Append("\n], \"tools\" : [ {\"type\":\"function\",\"function\":{\"name\":\"act\",\"parameters\":{ }}} ] }\n").ToString());
    }

    // The default encoder escapes all but ASCII: such texts must be read and need not be written that way.
    private static readonly JsonSerializerOptions Escaping = new(JsonSerializerDefaults.General);

    private static IEnumerable<JsonNode> Lines(string name)
    {
        using var stream = typeof(RecordedConversations).Assembly.GetManifestResourceStream($"Gateway.Tests.Fixtures.Transcripts.{name}")!; // embedded by the project file
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line) yield return JsonNode.Parse(line)!;
    }
}
