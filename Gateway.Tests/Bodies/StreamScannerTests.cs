using System.Text;
using Gateway.Transforms.Bodies;
using NUnit.Framework;

namespace Gateway.Tests.Bodies;

public class StreamScannerTests
{
    private const string Delta = """{"id":"c","model":"m-1","choices":[{"index":0,"delta":{"content":"h\u00e9 😀"},"finish_reason":null}],"usage":null}""";
    private const string Usage = """{"id":"c","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13}}""";
    private const string Call = """{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f","arguments":"{\"a\""}}]},"finish_reason":"stop"}]}""";

    private static readonly string[] Fixtures =
    [
        $"data: {Delta}\n\ndata: {Usage}\n\ndata: [DONE]\n\n",
        $"data: {Delta}\r\n\r\ndata: {Usage}\r\n\r\ndata: [DONE]\r\n\r\n",
        $"data: {Delta}\r\rdata: {Usage}\r\rdata: [DONE]\r\r",
        $"data: {Delta}\r\n\ndata: {Usage}\n\r\ndata: [DONE]\r\r\n",
        $"\uFEFFdata: {Delta}\n\ndata: {Usage}",
        $"data: {Delta}\n\ndata: {Usage}\n",
        $"data: {Delta}\n\ndata: {Usage}\r\n\r",
        $": ping\n\n: ping\n\ndata: {Delta}\n\ndata: {Usage}\n\n",
        $": inline\ndata: {Delta}\n: more\n\ndata:{Usage}\n\n",
        $"event: chunk\nid: 7\nretry: 3\ndata: {Delta}\n\nevent: end\ndata: {Usage}\n\n",
        "data: {\"choices\":[],\ndata: \"usage\":\ndata:{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n",
        "data: {\"choices\":[],\r\ndata: \"usage\":null}\r\n\r\ndata: [DONE]",
        "data: {\"error\":{\"message\":\"no\"}}\n\n",
        "event: error\ndata: {\"message\":\"no\"}\n\n",
        "data: not json\n\ndata: [1]\n\ndata: {\"a\":\n\n",
        "data\n\ndata:\n\n\n\n\n: \n\n",
        "\r\n\r\n\n\ndata: [DONE] \n\n",
        $"data: {Call}\n\ndata: {Delta}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"\\ud83d\"}},{\"delta\":{\"reasoning\":\"r\",\"reasoning_content\":\"r\"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"\u0000漢\"}}]}\n\ndata: \u0000\n\n",
        "",
        "\uFEFF\n",
        "database: x\n\ndata : y\n\n",
    ];

    [TestCaseSource(nameof(Fixtures))]
    public void Every_split_gives_the_same_events(string fixture)
    {
        var bytes = Encoding.UTF8.GetBytes(fixture);
        var whole = Events(bytes, []);

        for (var split = 0; split <= bytes.Length; split++)
        {
            Assert.That(Events(bytes, [split]), Is.EqualTo(whole), $"split at {split}");
        }

        Assert.That(Events(bytes, [.. Enumerable.Range(0, bytes.Length)]), Is.EqualTo(whole), "byte by byte");
        var random = new Random(5);
        for (var round = 0; round < 200; round++)
        {
            var splits = Enumerable.Range(0, random.Next(8)).Select(_ => random.Next(bytes.Length + 1)).Order().ToArray();
            Assert.That(Events(bytes, splits), Is.EqualTo(whole));
        }

        Assert.That(string.Concat(whole.SkipLast(1).Select(line => line[(line.LastIndexOf('|') + 1)..])), Is.EqualTo(Convert.ToHexString(bytes)));
    }

    [TestCase(0, "Chunk Chunk Done", "hé 😀")]
    [TestCase(2, "Chunk Chunk Done", "hé 😀")]
    [TestCase(4, "Chunk Chunk", "hé 😀")]
    [TestCase(7, "Comment Comment Chunk Chunk", "hé 😀")]
    [TestCase(10, "Chunk", "")]
    [TestCase(12, "Error", "")]
    [TestCase(13, "Error", "")]
    [TestCase(14, "NotJson NotJson NotJson", "")]
    [TestCase(17, "Chunk Chunk", "f{\"a\"hé 😀")]
    [TestCase(18, "Chunk", "\uFFFDr")]
    public void Events_are_classified_and_their_text_is_collected(int fixture, string kinds, string text)
    {
        var events = Events(Encoding.UTF8.GetBytes(Fixtures[fixture]), []);

        Assert.That(string.Join(' ', events.SkipLast(1).Select(line => line.Split('|')[0])), Is.EqualTo(kinds));
        Assert.That(events[^1], Is.EqualTo(text));
    }

    [Test]
    public void Usage_is_read_from_an_event_without_its_blank_line()
    {
        using var scanner = new StreamScanner();
        scanner.Feed(Encoding.UTF8.GetBytes($"data: {Usage}"));
        Assert.That(scanner.TryNext(out _), Is.False);
        scanner.Complete();

        Assert.That(scanner.TryNext(out var last));

        Assert.That(last.IsTerminated, Is.False);
        Assert.That(last.Facts.HasUsage && last.Facts.ChoicesEmpty && last.Facts.Tokens.IsSound);
        Assert.That(last.Facts.Tokens, Is.EqualTo(new UsageTokens(9, 0, 0, 4, 0)));
    }

    [TestCase(100, StreamFault.None)]
    [TestCase(101, StreamFault.EventTooLarge)]
    [TestCase(100_000, StreamFault.EventTooLarge)]
    public void An_event_longer_than_the_limit_is_a_fault(int length, StreamFault fault)
    {
        var bytes = Encoding.UTF8.GetBytes("data: ".PadRight(length - 2, 'x') + "\n\n");
        foreach (var step in new[] { 1, 7, length })
        {
            using var scanner = new StreamScanner(maxEventBytes: 100);
            var seen = 0;
            for (var fed = 0; fed < bytes.Length && scanner.Fault is StreamFault.None;)
            {
                fed += scanner.Feed(bytes.AsSpan(fed, Math.Min(step, bytes.Length - fed)));
                while (scanner.TryNext(out _))
                {
                    seen++;
                }
            }

            Assert.That((scanner.Fault, seen), Is.EqualTo((fault, fault is StreamFault.None ? 1 : 0)));
        }
    }

    [Test]
    public void Scanning_chunks_allocates_nothing()
    {
        using var text = new PooledBuffer(1 << 20);
        using var scanner = new StreamScanner(text);
        var chunk = Encoding.UTF8.GetBytes($"data: {Delta}\n\n");
        Scan(100);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Scan(1_000);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);

        void Scan(int count)
        {
            for (var i = 0; i < count; i++)
            {
                scanner.Feed(chunk);
                while (scanner.TryNext(out _))
                {
                }
            }
        }
    }

    [TestCase("data: {\"a\":1,\"usage\":null}\n\n", "data: {\"a\":1}\n\n")]
    [TestCase("data: {\"usage\" : null , \"a\":1}\r\n\r\n", "data: {\"a\":1}\r\n\r\n")]
    [TestCase("data: {\"a\":1, \"usage\":null, \"b\":2}\n\n", "data: {\"a\":1, \"b\":2}\n\n")]
    [TestCase("data: {\"usage\":null}\n\n", "data: {}\n\n")]
    [TestCase("id: 1\ndata: {\"a\":1,\ndata: \"usage\":null}\n\n", "id: 1\ndata: {\"a\":1}\n\n")]
    [TestCase("data: {\"usage\":{\"prompt_tokens\":1}}\n\n", "data: {\"usage\":{\"prompt_tokens\":1}}\n\n")]
    [TestCase(": ping\n\n", ": ping\n\n")]
    public void A_null_usage_is_stripped(string input, string output) =>
        Assert.That(Rewrite(input, static (in SseEvent next, PooledBuffer buffer) => ChunkRewrite.WithoutNullUsage(next, buffer)), Is.EqualTo(output));

    [TestCase("data: {\"usage\":{\"a\":1}}\n\n", "data: {\"usage\":{\"a\":1,\"c\":2},\"r\":3}\n\n")]
    [TestCase("data: {\"usage\":{}}\r\n\r\n", "data: {\"usage\":{\"c\":2},\"r\":3}\r\n\r\n")]
    [TestCase("data: {\"usage\":null,\"a\":1}\n\n", "data: {\"usage\":{\"c\":2},\"a\":1,\"r\":3}\n\n")]
    [TestCase("data: {}\n\n", "data: {\"usage\":{\"c\":2},\"r\":3}\n\n")]
    [TestCase("data: {\"a\":1}", "data: {\"a\":1,\"usage\":{\"c\":2},\"r\":3}\n\n")]
    [TestCase("data: {\"usage\":\ndata: {\"a\":1}}\n\n", "data: {\"usage\": {\"a\":1,\"c\":2},\"r\":3}\n\n")]
    [TestCase("data: [DONE]\n\n", "data: [DONE]\n\n")]
    public void Extras_are_spliced_into_usage_and_root(string input, string output) =>
        Assert.That(
            Rewrite(input, static (in SseEvent next, PooledBuffer buffer) => ChunkRewrite.WithExtras(next, "\"c\":2"u8, "\"r\":3"u8, buffer)),
            Is.EqualTo(output));

    private delegate void Rewriter(in SseEvent next, PooledBuffer buffer);

    private static string Rewrite(string input, Rewriter rewrite)
    {
        using var scanner = new StreamScanner();
        using var buffer = new PooledBuffer();
        scanner.Feed(Encoding.UTF8.GetBytes(input));
        scanner.Complete();
        while (scanner.TryNext(out var next))
        {
            rewrite(next, buffer);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static List<string> Events(byte[] bytes, int[] splits)
    {
        using var text = new PooledBuffer();
        using var scanner = new StreamScanner(text);
        var events = new List<string>();
        var start = 0;
        foreach (var split in splits.Append(bytes.Length))
        {
            Assert.That(scanner.Feed(bytes.AsSpan(start, split - start)), Is.EqualTo(split - start));
            start = split;
            Drain();
        }

        scanner.Complete();
        Drain();
        events.Add(Encoding.UTF8.GetString(text.WrittenSpan));
        return events;

        void Drain()
        {
            while (scanner.TryNext(out var next))
            {
                var facts = next.Facts;
                events.Add($"{next.Kind}|{next.IsTerminated}|{facts.Tokens}|{facts.UsageMember}|{facts.RootClose}|{facts.HasContent}{facts.HasFinishReason}"
                    + $"|{scanner.ReportedModel}|{Convert.ToHexString(next.Data)}|{Convert.ToHexString(next.Raw)}");
            }
        }
    }
}
