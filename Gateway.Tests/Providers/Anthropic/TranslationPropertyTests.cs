using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Tests.Bodies;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Providers;
using Gateway.Transforms.Providers.Anthropic;
using NUnit.Framework;

namespace Gateway.Tests.Providers.Anthropic;

/// <summary>What holds for every request and every stream, sound or not.</summary>
public class TranslationPropertyTests
{
    private static readonly ChatOverMessages ToAnthropic = new();
    private static readonly MessagesOverChat ToOpenAi = new();

    private static readonly (ApiTranslation Translation, string Stream)[] Streams =
    [
        (ToAnthropic, ChatStreamTests.Tools),
        (ToAnthropic, ChatStreamTests.Tools.Replace("\n", "\r\n", StringComparison.Ordinal)),
        (ToAnthropic, "\uFEFF" + ChatStreamTests.Tools.TrimEnd('\n')),
        (ToOpenAi, MessagesStreamTests.Chunks),
        (ToOpenAi, MessagesStreamTests.Chunks.Replace("\n", "\r", StringComparison.Ordinal)),
    ];

    [Test]
    public void Every_split_of_a_stream_gives_the_same_bytes([Range(0, 4)] int stream)
    {
        var (translation, text) = Streams[stream];
        var bytes = Encoding.UTF8.GetBytes(text);
        var whole = Translated.Stream(translation, bytes);
        Assert.That(whole, Is.Not.Null);

        for (var split = 1; split < bytes.Length; split++)
        {
            if (!string.Equals(Translated.Stream(translation, bytes, split, bytes.Length), whole, StringComparison.Ordinal))
                Assert.Fail($"split at {split}");
        }

        Assert.That(Translated.Stream(translation, bytes, 1), Is.EqualTo(whole), "byte by byte");
    }

    [Test]
    public void A_request_there_and_back_keeps_roles_texts_and_calls()
    {
        var json = new RandomJson(11);
        for (var round = 0; round < 300; round++)
        {
            var body = $$"""{"model":"m","messages":[{{Conversation(json)}}]}""";
            var (there, error) = Translated.RequestText(ToAnthropic, body);
            Assert.That(error.Message, Is.Null, body);
            var (back, refused) = Translated.Request(ToOpenAi, there!);
            Assert.That(refused.Message, Is.Null, there);

            Assert.That(Said(back!["messages"]!), Is.EqualTo(Said(JsonNode.Parse(body)!["messages"]!)), body);
        }
    }

    [Test]
    public void An_answer_there_and_back_keeps_text_calls_and_usage()
    {
        const string answer = """{"id":"chatcmpl-1","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"a\n\"b\"","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"x\":[1,2.50]}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4,"cache_creation_tokens":3}}}""";

        var back = Translated.Answer(ToAnthropic, Translated.Answer(ToOpenAi, answer)!.ToJsonString())!;
        var (sent, got) = (JsonNode.Parse(answer)!, back["choices"]![0]!);

        Assert.That(got["message"]!["content"]!.GetValue<string>(), Is.EqualTo("a\n\"b\""));
        Assert.That(JsonNode.DeepEquals(got["message"]!["tool_calls"], sent["choices"]![0]!["message"]!["tool_calls"]), got.ToJsonString());
        Assert.That(JsonNode.DeepEquals(back["usage"]!["prompt_tokens_details"], sent["usage"]!["prompt_tokens_details"]));
        Assert.That((back["id"]!.GetValue<string>(), back["usage"]!["total_tokens"]!.GetValue<long>()), Is.EqualTo(("chatcmpl-1", 15L)));
    }

    [Test]
    public void Mutilated_requests_and_answers_throw_nothing()
    {
        string[] seeds =
        [
            """{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"\ud83d\ude00"},{"type":"image_url","image_url":{"url":"data:image\/png;base64,AA"}}]},{"role":"assistant","tool_calls":[{"id":"a.b","type":"function","function":{"name":"f","arguments":"{\"a\":\"\\u0041\"}"}}]},{"role":"tool","tool_call_id":"a.b","content":"x"}],"tools":[{"type":"function","function":{"name":"f","parameters":{}}}],"tool_choice":"auto","stop":["a"],"temperature":1.5}""",
            """{"model":"m","max_tokens":9,"system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA"}}]}]},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"a":[1]}}]}],"tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"any"}}""",
            """{"id":"msg_1","model":"m","content":[{"type":"thinking","thinking":"t"},{"type":"text","text":"a"},{"type":"tool_use","id":"t","name":"f","input":{"a":1}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"cache_read_input_tokens":2,"output_tokens":3}}""",
            """{"id":"chatcmpl-1","choices":[{"message":{"content":[{"type":"text","text":"a"}],"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"cost":1}}""",
            """{"type":"error","error":{"type":"x","message":"m"}}""",
        ];
        var random = new Random(5);
        using var output = new PooledBuffer();
        var index = new RequestIndex();
        var written = 0;
        for (var round = 0; round < 30_000; round++)
        {
            var bytes = Mutate(random, Encoding.UTF8.GetBytes(seeds[random.Next(seeds.Length)]));
            foreach (var translation in (ApiTranslation[])[ToAnthropic, ToOpenAi])
            {
                output.Clear();
                written += translation.TryWriteAnswer(bytes, Translated.Target, output) ? 1 : 0;
                translation.TryWriteError(bytes, 400, output);
                output.Clear();
                if (index.TryRead(bytes, out _) && !translation.TryWriteRequest(index, bytes, Translated.Target, output, out var error))
                    Assert.That(error.Fault is BodyFault.InvalidField && error.Field is not null && error.Message.Length > 10, Encoding.UTF8.GetString(bytes));
            }
        }

        Assert.That(written, Is.GreaterThan(500));
    }

    [Test]
    public void Mutilated_streams_throw_nothing_and_what_is_written_is_whole_events()
    {
        var random = new Random(6);
        for (var round = 0; round < 6_000; round++)
        {
            var (translation, text) = Streams[random.Next(Streams.Length)];
            var stream = Translated.Stream(translation, Mutate(random, Encoding.UTF8.GetBytes(text)), random.Next(1, 4000));

            if (stream is not null && stream.Length > 0)
                Assert.That(stream, Does.EndWith("\n\n"));
        }
    }

    [Test]
    public void Hostile_bodies_are_refused_or_come_through_whole()
    {
        var deep = string.Concat(Enumerable.Repeat("{\"a\":", 200)) + "1" + new string('}', 200);
        var large = "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"" + new string('x', 1024 * 1024) + "\"}}\n\n";

        Assert.That(Translated.Answer(ToAnthropic, $$"""{"content":[{"type":"tool_use","id":"a","name":"f","input":{{deep}}}]}"""), Is.Null);
        Assert.That(Translated.Stream(ToAnthropic, large), Is.Null, "longer than an event may be");
        Assert.That(Translated.Stream(ToAnthropic, large.Remove(100, 1000))!.Length, Is.GreaterThan(1024 * 1023));
        foreach (var translation in (ApiTranslation[])[ToAnthropic, ToOpenAi])
        {
            using var output = new PooledBuffer();
            byte[] broken = [.. "{\"content\":[{\"type\":\"text\",\"text\":\""u8, 0xC3, 0x28, .. "\"}],\"choices\":[{\"message\":{\"content\":\"\xC3\"}}]}"u8];

            Assert.That(translation.TryWriteAnswer(broken, Translated.Target, output), Is.False, "no UTF-8");
            Assert.That(translation.TryWriteError(broken, 400, output), Is.False);
            Assert.That(Translated.Stream(translation, [.. "data: {\"type\":\"ping\",\"x\":\""u8, 0xFF, .. "\"}\n\n"u8]), Is.Null);
        }
    }

    [Test]
    [Explicit("A measurement.")]
    public void Cost_of_a_chunk()
    {
        Measure(ToAnthropic, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\" hello\"}}\n\n"u8);
        Measure(ToOpenAi, "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1718000000,\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" hello\"},\"finish_reason\":null}]}\n\n"u8);
    }

    private static void Measure(ApiTranslation translation, ReadOnlySpan<byte> chunk)
    {
        using var output = new PooledBuffer();
        using var translator = translation.Translate(Translated.Streamed);
        const int rounds = 500_000;
        for (var i = 0; i < rounds; i++)
        {
            output.Clear();
            translator.TryTranslate(chunk, output);
        }

        // Processor time: the machine may be busy with other things.
        var before = GC.GetAllocatedBytesForCurrentThread();
        var start = Process.GetCurrentProcess().TotalProcessorTime;
        for (var i = 0; i < rounds; i++)
        {
            output.Clear();
            translator.TryTranslate(chunk, output);
        }

        TestContext.Out.WriteLine($"{translation.GetType().Name}: {(Process.GetCurrentProcess().TotalProcessorTime - start).TotalMicroseconds / rounds:F2} us and {(GC.GetAllocatedBytesForCurrentThread() - before) / rounds} bytes a chunk.");
    }

    private static string Conversation(RandomJson json)
    {
        var messages = new List<string>();
        if (json.Random.Next(2) == 0)
            messages.Add(Message("system", Text(json, "s")));
        for (var turn = 0; turn <= json.Random.Next(4); turn++)
        {
            messages.Add(Message("user", Text(json, "u")));
            var calls = Enumerable.Range(0, json.Random.Next(3)).Select(call => $"\"call_{turn}_{call}\"").ToList();
            var arguments = System.Text.Json.JsonSerializer.Serialize(json.Object([("a", json.Value())]));
            var toolCalls = string.Join(',', calls.Select(id => "{\"id\":" + id + ",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":" + arguments + "}}"));
            messages.Add(Message("assistant", Text(json, "a"), calls.Count == 0 ? "" : $",\"tool_calls\":[{toolCalls}]"));
            messages.AddRange(calls.Select(id => Message("tool", Text(json, "r"), $",\"tool_call_id\":{id}")));
        }

        return string.Join(',', messages);
    }

    private static string Message(string role, string content, string more = "") => $$"""{"content":{{content}},"role":"{{role}}"{{more}}}""";

    // Not empty: Anthropic has no message without words.
    private static string Text(RandomJson json, string first) => $"\"{first}{json.Text()[1..]}";

    private static List<string> Said(JsonNode messages) =>
    [
        .. messages.AsArray().Select(static message => string.Join('|',
            message!["role"]!.GetValue<string>(),
            message["content"]?.GetValue<string>(),
            message["tool_call_id"]?.GetValue<string>(),
            string.Join(',', (message["tool_calls"]?.AsArray() ?? []).Select(static call => call!["id"]!.GetValue<string>() + call["function"]!["name"]!.GetValue<string>() + call["function"]!["arguments"]!.GetValue<string>())))),
    ];

    private static byte[] Mutate(Random random, byte[] seed)
    {
        var bytes = new List<byte>(seed);
        for (var edit = random.Next(4); edit >= 0; edit--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 12), bytes.Count - at - 1));
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(20), bytes.Count - at)));
                    break;
                case 3:
                    bytes.Insert(at, "{}[]\",:0\\"u8[random.Next(9)]);
                    break;
                default:
                    var words = new[] { "null", "true", "-1", "1e9", "\"\"", "[]", "{}", "\"\\ud800\"" };
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(words[random.Next(words.Length)]));
                    break;
            }
        }

        return [.. bytes];
    }
}
