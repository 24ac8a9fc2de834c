using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gateway.Benchmarks.Compression;

/// <summary>One message of a recorded conversation.</summary>
internal sealed record TranscriptMessage(string Role, string Text);

/// <summary>A recorded conversation of an agent with its tools.</summary>
internal sealed record Transcript(IReadOnlyList<TranscriptMessage> Messages)
{
    /// <summary>What the tools returned.</summary>
    public IEnumerable<byte[]> Tools => Messages.Where(static m => m.Role is "tool").Select(static m => Encoding.UTF8.GetBytes(m.Text));
}

/// <summary>Reads the recordings in the data folder.</summary>
internal static partial class Transcripts
{
    /// <summary>tau-bench's few-shot conversations: one a line, as text with the roles in front.</summary>
    public static IEnumerable<Transcript> TauBench(string data) =>
        File.ReadLines(Path.Combine(data, "tau-bench/retail-few_shot.jsonl")).Select(static line =>
        {
            var text = JsonDocument.Parse(line).RootElement.GetProperty("messages_display").GetString()!;
            return new Transcript([.. Turn().Matches(text).Select(static m => new TranscriptMessage(m.Groups["role"].Value, m.Groups["text"].Value.TrimEnd('\n')))]);
        });

    /// <summary>SWE-agent's trajectories. Where an observation was sent as a user's message, which older models need, it is a tool's here.</summary>
    public static IEnumerable<Transcript> SweAgent(string data) =>
        Directory.EnumerateFiles(Path.Combine(data, "swe-agent")).Order(StringComparer.Ordinal).Select(static file =>
        {
            var history = JsonDocument.Parse(File.ReadAllBytes(file)).RootElement.GetProperty("history").EnumerateArray().ToArray();
            return new Transcript([.. history.Select((message, index) => new TranscriptMessage(Role(message, index), Text(message)))]);
        });

    // The second message is the task; every later one of a user answers an action.
    private static string Role(JsonElement message, int index)
    {
        var role = message.GetProperty("role").GetString()!;
        return role is "user" && index > 1 ? "tool" : role;
    }

    private static string Text(JsonElement message)
    {
        if (!message.TryGetProperty("content", out var content)) return "";
        return content.ValueKind switch
        {
            JsonValueKind.String => content.GetString()!,
            JsonValueKind.Array => string.Concat(content.EnumerateArray().Select(static part => part.TryGetProperty("text", out var text) ? text.GetString() : "")),
            _ => "",
        };
    }

    [GeneratedRegex(
        @"^(?<role>user|assistant|tool|system): (?<text>.*?)(?=^(user|assistant|tool|system): |\z)",
        RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Turn();
}
