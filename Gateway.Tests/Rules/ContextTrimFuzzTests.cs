using System.Text;
using System.Text.Json;
using Gateway.Transforms.Bodies;
using NUnit.Framework;

namespace Gateway.Tests.Rules;

/// <summary>Conversations that no client should send: ids used twice, answers to nobody, calls without answers, roles that do not exist.</summary>
public class ContextTrimFuzzTests
{
    private static readonly string[] Chat =
    [
        """{"role":"user","content":"x"}""",
        """{"role":"user","content":[{"type":"text","text":"x"}]}""",
        """{"role":"assistant","content":"x"}""",
        """{"role":"assistant","content":null,"tool_calls":[]}""",
        """{"role":"system","content":"x"}""",
        """{"role":"assistant","content":null,"tool_calls":[{"id":"ID"}]}""",
        """{"role":"assistant","content":null,"tool_calls":[{"id":"ID"},{"id":"ID"}]}""",
        """{"role":"assistant","content":[{"type":"thinking","signature":"s"},{"type":"tool_use","id":"ID"}]}""",
        """{"role":"tool","tool_call_id":"ID","content":"x"}""",
        """{"role":"tool","tool_call_id":"ID","content":"x"}""",
        """{"role":"user","content":[{"type":"tool_result","tool_use_id":"ID"},{"type":"tool_result","tool_use_id":"ID"}]}""",
        """{"role":"user","content":[{"type":"tool_result","tool_use_id":"ID"},{"type":"text","text":"x"}]}""",
        """{"role":"function","name":"f","content":"x"}""",
        """{"role":"assistant","function_call":{"name":"f"}}""",
    ];

    private static readonly string[] Items =
    [
        """{"role":"user","content":"x"}""",
        """{"role":"assistant","content":"x","type":"message"}""",
        """{"role":"developer","content":"x"}""",
        """{"type":"reasoning","id":"rs"}""",
        """{"type":"function_call","call_id":"ID"}""",
        """{"type":"function_call","call_id":"ID"}""",
        """{"type":"function_call_output","call_id":"ID"}""",
        """{"type":"function_call_output","call_id":"ID"}""",
        """{"type":"web_search_call","id":"ID"}""",
        """{"type":"local_shell_call","call_id":"ID"}""",
        """{"type":"local_shell_call_output","id":"ID"}""",
        """{"type":"mcp_approval_request","id":"ID"}""",
        """{"type":"mcp_approval_response","approval_request_id":"ID"}""",
    ];

    [TestCase(MessageFormat.Chat)]
    [TestCase(MessageFormat.Responses)]
    public void Whatever_comes_in_what_goes_out_is_a_part_of_it_with_its_user_and_system_and_no_new_orphan(MessageFormat format)
    {
        var random = new Random(20261121);
        var trims = 0;
        for (var round = 0; round < 30_000; round++)
        {
            var messages = Conversation(random, format is MessageFormat.Chat ? Chat : Items, firstId: round % 2);
            var maxMessages = random.Next(1, 9);
            var body = $$"""{"{{(format is MessageFormat.Chat ? "messages" : "input")}}":[{{string.Join(',', messages)}}]}""";

            var trimmed = Trimmed.Of(body, maxMessages, format);

            trims += trimmed.IsUntouched ? 0 : 1;
            var complaint = Complaint(messages, body, trimmed, maxMessages);
            if (complaint is not null)
            {
                Assert.Fail($"round {round}, limit {maxMessages}: {complaint}\n{string.Join('\n', messages)}\n→\n{trimmed.Body}");
            }
        }

        Assert.That(trims, Is.GreaterThan(2_000));
    }

    [Test]
    public void Broken_bytes_in_a_message_never_end_in_another_error_than_one_of_json()
    {
        var random = new Random(77);
        for (var round = 0; round < 20_000; round++)
        {
            var body = Encoding.UTF8.GetBytes($"[{string.Join(',', Conversation(random, random.Next(2) == 0 ? Chat : Items, firstId: 0))}]");
            body[random.Next(body.Length)] = (byte)random.Next(256);
            using var index = new MessageIndex();
            try
            {
                index.Read(body, new ByteRange(0, body.Length), (MessageFormat)random.Next(2));
            }
            catch (JsonException)
            {
                Assert.That(IsJson(body), Is.False);
            }
        }
    }

    [Test]
    public void No_pair_is_torn_apart_however_late_its_answer_comes()
    {
        var random = new Random(20261122);
        var (trims, orphans) = (0, 0);
        for (var round = 0; round < 30_000; round++)
        {
            var messages = new List<string>();
            var pairs = Pairs(random, messages);

            var trimmed = Trimmed.Of($$"""{"messages":[{{string.Join(',', messages)}}]}""", random.Next(1, 12));

            trims += trimmed.IsUntouched ? 0 : 1;
            orphans += trimmed.Outcome.Orphans;
            var left = trimmed.Messages().ToHashSet();
            var torn = pairs.Find(pair => left.Contains(messages[pair.Call]) != left.Contains(messages[pair.Answer]));
            if (torn != default)
            {
                Assert.Fail($"round {round}: {torn}\n{string.Join('\n', messages)}\n→\n{trimmed.Body}");
            }
        }

        Assert.That(trims, Is.GreaterThan(10_000));
        Assert.That(orphans, Is.GreaterThan(1_000));
    }

    // Every answer has a call before it; some come after other messages, some never.
    private static List<(int Call, int Answer)> Pairs(Random random, List<string> messages)
    {
        var pairs = new List<(int Call, int Answer)>();
        var open = new List<(int Call, int Id)>();
        var ids = 0;
        for (var at = 0; at < 24; at++)
        {
            var kind = random.Next(8);
            if (kind < 2)
            {
                var count = random.Next(1, 4);
                messages.Add($$"""{"at":{{at}},"role":"assistant","tool_calls":[{{string.Join(',', Enumerable.Range(ids, count).Select(static id => $$"""{"id":"c{{id}}"}"""))}}]}""");
                open.AddRange(Enumerable.Range(ids, count).Select(id => (at, id)));
                ids += count;
            }
            else if (kind < 6 && open.Count > 0)
            {
                // The newest call mostly, any at times.
                var chosen = random.Next(10) > 0 ? open[^1] : open[random.Next(open.Count)];
                open.Remove(chosen);
                pairs.Add((chosen.Call, at));
                messages.Add($$"""{"at":{{at}},"role":"tool","tool_call_id":"c{{chosen.Id}}","content":"x"}""");
            }
            else
            {
                messages.Add($$"""{"at":{{at}},"role":"{{(kind == 7 ? "user" : kind == 6 ? "assistant" : "system")}}","content":"x"}""");
            }
        }

        return pairs;
    }

    private static string[] Conversation(Random random, string[] kinds, int firstId) =>
        [.. Enumerable.Range(0, random.Next(1, 16)).Select(at => Message(random, kinds[random.Next(kinds.Length)], at, firstId))];

    // Each "ID" becomes one of a few ids, 0 for an empty one; "at" makes the message unlike all others.
    private static string Message(Random random, string kind, int at, int firstId)
    {
        var parts = kind.Split("ID");
        var message = new StringBuilder(parts[0]).Insert(1, $"\"at\":{at},");
        foreach (var part in parts.Skip(1))
        {
            var id = random.Next(firstId, 4);
            message.Append(id > 0 ? id.ToString() : "").Append(part);
        }

        return message.ToString();
    }

    private static string? Complaint(string[] messages, string body, Trimmed trimmed, int maxMessages)
    {
        var left = trimmed.IsUntouched ? messages : trimmed.Messages();
        var kept = messages.Select(message => left.Contains(message)).ToArray();
        var count = left.Count(static message => !IsSystem(message));
        var lastUser = Array.FindLastIndex(messages, IsUser);
        return trimmed.Outcome switch
        {
            { Skipped: not null } => trimmed.Body == body ? null : "it stepped aside and changed something",
            _ when !left.SequenceEqual(messages.Where((_, i) => kept[i])) => "a message is new or out of place",
            _ when messages.Where((message, i) => IsSystem(message) && !kept[i]).Any() => "a system message is gone",
            _ when lastUser >= 0 && !kept[lastUser] => "the last message of the user is gone",
            var outcome when outcome.Kept != count || outcome.Dropped != messages.Length - left.Length => "the counts are wrong",
            var outcome when outcome.IsOverLimit != count > maxMessages => "the limit is exceeded and nothing says so",
            _ when trimmed.IsUntouched || body.Contains("function_call\":", StringComparison.Ordinal) || body.Contains("\"\"", StringComparison.Ordinal) => null,
            _ => Orphan(left),
        };
    }

    private static string? Orphan(string[] messages)
    {
        var calls = new HashSet<string>();
        foreach (var message in messages)
        {
            var isResult = message.Contains("tool_result", StringComparison.Ordinal) || message.Contains("\"tool\"", StringComparison.Ordinal)
                || message.Contains("_output", StringComparison.Ordinal) || message.Contains("_response", StringComparison.Ordinal);
            string[] ids = [.. message.Split('"').Where(static text => text is "1" or "2" or "3")];
            if (!isResult)
            {
                calls.UnionWith(ids);
            }
            else if (!message.Contains("local_shell", StringComparison.Ordinal) && !calls.IsSupersetOf(ids))
            {
                return $"an answer without a call: {message}";
            }
        }

        return null;
    }

    private static bool IsSystem(string message) => message.Contains("system", StringComparison.Ordinal) || message.Contains("developer", StringComparison.Ordinal);

    private static bool IsUser(string message) => message.Contains("\"user\"", StringComparison.Ordinal) && !message.Contains("tool_result", StringComparison.Ordinal);

    private static bool IsJson(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
