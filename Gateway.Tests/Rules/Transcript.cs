using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Transforms.Bodies;

namespace Gateway.Tests.Rules;

/// <summary>A message of a transcript: its raw JSON with its own number in <c>at</c>, and the ids of its tool calls and of those that it answers.</summary>
public sealed record TranscriptMessage(string Json, bool IsSystem, bool IsUser, string[] Calls, string[] Answers)
{
    /// <summary>True for a call, an answer, and the thinking before a call.</summary>
    public bool IsOfTools { get; } = Calls.Length > 0 || Answers.Length > 0 || Json.Contains("\"reasoning\"", StringComparison.Ordinal);
}

/// <summary>A real conversation in one of the shapes that clients send. Sources: Fixtures/Transcripts/trim-LICENCES.md.</summary>
public sealed record Transcript(string Name, MessageFormat Format, TranscriptMessage[] Messages)
{
    private static readonly string[] Files = ["trim-tau-bench.json", "trim-swe-agent.json"];

    /// <summary>Each answer with the newest call of its id: some transcripts use an id twice.</summary>
    public (int Call, int Answer)[] Pairs { get; } =
    [
        .. from answer in Enumerable.Range(0, Messages.Length)
           from id in Messages[answer].Answers
           select (Array.FindLastIndex(Messages, answer, message => message.Calls.Contains(id)), answer),
    ];

    /// <summary>Every transcript in all three shapes.</summary>
    public static IEnumerable<Transcript> All()
    {
        foreach (var file in Files)
        {
            using var stream = typeof(Transcript).Assembly.GetManifestResourceStream($"Gateway.Tests.Fixtures.Transcripts.{file}")
                ?? throw new InvalidDataException($"{file} is not embedded.");
            foreach (var transcript in JsonNode.Parse(stream)!["transcripts"]!.AsArray())
            {
                var name = transcript!["name"]!.GetValue<string>();
                JsonObject[] messages = [.. transcript["messages"]!.AsArray().Select(message => message!.AsObject())];
                yield return Make(name + " as chat", MessageFormat.Chat, messages);
                yield return Make(name + " in content blocks", MessageFormat.Chat, InBlocks(messages));
                yield return Make(name + " as Responses items", MessageFormat.Responses, AsItems(messages));
            }
        }
    }

    /// <summary>A request with the first <paramref name="count"/> messages, in a spelling with spaces.</summary>
    public string Body(int count) =>
        $$"""{"model":"m", "{{(Format is MessageFormat.Chat ? "messages" : "input")}}" : [ {{string.Join(" , ", Messages.Take(count).Select(message => message.Json))}} ],"seed":7}""";

    public override string ToString() => Name;

    private static Transcript Make(string name, MessageFormat format, JsonObject[] messages) => new(
        name,
        format,
        [.. messages.Select((message, at) =>
        {
            message = message.DeepClone().AsObject();
            message["at"] = at;
            var role = message["role"]?.GetValue<string>();
            string[] answers = [.. Ids(message["tool_call_id"]), .. Blocks(message, "tool_result", "tool_use_id"), .. Item(message, "function_call_output")];
            string[] calls = [.. Calls(message), .. Blocks(message, "tool_use", "id"), .. Item(message, "function_call")];
            var json = message.ToJsonString(at % 2 == 0 ? JsonSerializerOptions.Default : new JsonSerializerOptions { WriteIndented = true });
            return new TranscriptMessage(json, role is "system", role is "user" && answers.Length == 0, calls, answers);
        })]);

    private static IEnumerable<string> Calls(JsonObject message) =>
        message["tool_calls"]?.AsArray().SelectMany(call => Ids(call!["id"])) ?? [];

    private static IEnumerable<string> Blocks(JsonObject message, string type, string id) =>
        message["content"] is JsonArray blocks ? blocks.Where(block => block!["type"]!.GetValue<string>() == type).SelectMany(block => Ids(block![id])) : [];

    private static IEnumerable<string> Item(JsonObject message, string type) =>
        message["type"]?.GetValue<string>() == type ? Ids(message["call_id"]) : [];

    private static IEnumerable<string> Ids(JsonNode? id) => id is null ? [] : [id.GetValue<string>()];

    private static JsonObject[] InBlocks(JsonObject[] messages)
    {
        var result = new List<JsonObject>();
        foreach (var message in messages)
        {
            if (message["tool_call_id"] is { } id)
            {
                var block = new JsonObject { ["type"] = "tool_result", ["tool_use_id"] = id.DeepClone(), ["content"] = message["content"]!.DeepClone() };
                if (result[^1]["role"]!.GetValue<string>() is "user")
                {
                    result[^1]["content"]!.AsArray().Add(block);
                }
                else
                {
                    result.Add(new JsonObject { ["role"] = "user", ["content"] = new JsonArray(block) });
                }
            }
            else if (message["tool_calls"] is JsonArray calls)
            {
                var blocks = new JsonArray();
                if (message["content"] is { } text)
                {
                    blocks.Add(new JsonObject { ["type"] = "text", ["text"] = text.DeepClone() });
                }

                foreach (var call in calls)
                {
                    blocks.Add(new JsonObject { ["input"] = new JsonObject { ["type"] = "tool_result" }, ["id"] = call!["id"]!.DeepClone(), ["type"] = "tool_use" });
                }

                result.Add(new JsonObject { ["content"] = blocks, ["role"] = "assistant" });
            }
            else
            {
                result.Add(message.DeepClone().AsObject());
            }
        }

        return [.. result];
    }

    private static JsonObject[] AsItems(JsonObject[] messages)
    {
        var result = new List<JsonObject>();
        foreach (var message in messages)
        {
            if (message["tool_call_id"] is { } id)
            {
                result.Add(new JsonObject { ["type"] = "function_call_output", ["call_id"] = id.DeepClone(), ["output"] = message["content"]!.DeepClone() });
            }
            else if (message["tool_calls"] is JsonArray calls)
            {
                result.Add(new JsonObject { ["type"] = "reasoning", ["id"] = "rs_1", ["summary"] = new JsonArray(), ["encrypted_content"] = "gAAA" });
                foreach (var call in calls)
                {
                    result.Add(new JsonObject { ["call_id"] = call!["id"]!.DeepClone(), ["type"] = "function_call", ["name"] = "f", ["arguments"] = "{}" });
                }
            }
            else
            {
                var item = message.DeepClone().AsObject();
                item["type"] = "message";
                result.Add(item);
            }
        }

        return [.. result];
    }
}
