using System.Text;
using System.Text.Json.Nodes;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Providers.Gemini;
using NUnit.Framework;

namespace Gateway.Tests.Providers;

/// <summary>Streams as https://ai.google.dev/gemini-api/docs/text-generation#streaming-responses shows them: with CRLF, usage in every event, no last event.</summary>
public sealed class ChatOverGeminiStreamTests
{
    private const string Tail = "\"modelVersion\":\"gemini-2.5-flash\",\"responseId\":\"r1\"}";
    private const string Text =
        "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"Th\u00e9\",\"thought\": true}],\"role\": \"model\"},\"index\": 0}],"
        + "\"usageMetadata\": {\"promptTokenCount\": 4,\"totalTokenCount\": 9,\"thoughtsTokenCount\": 5}," + Tail + "\r\n\r\n"
        + "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"Hel\"}],\"role\": \"model\"},\"index\": 0}],"
        + "\"usageMetadata\": {\"promptTokenCount\": 4,\"candidatesTokenCount\": 1,\"totalTokenCount\": 10,\"thoughtsTokenCount\": 5}," + Tail + "\r\n\r\n"
        + "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"lo 😀\"}],\"role\": \"model\"},\"finishReason\": \"STOP\",\"index\": 0}],"
        + "\"usageMetadata\": {\"promptTokenCount\": 4,\"candidatesTokenCount\": 3,\"totalTokenCount\": 12,\"thoughtsTokenCount\": 5}," + Tail + "\r\n\r\n";

    private const string Call =
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"name\":\"f\",\"args\":{\"a\":\"\\\"\"}},\"thoughtSignature\":\"c2ln\"},"
        + "{\"functionCall\":{\"name\":\"g\",\"args\":{}}}]},\"index\":0}]}\n\ndata: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}]},\"finishReason\":\"STOP\",\"index\":0}],"
        + "\"usageMetadata\":{\"promptTokenCount\":1,\"candidatesTokenCount\":2}}\n\n";

    private static readonly ChatOverGemini Translation = new();

    private static readonly string[] Streams =
    [
        Text, Call, "\uFEFF" + Text.Replace("\r\n", "\n"), Text.Replace("\r\n", "\r"), Text.TrimEnd(), ": ping\n\n" + Call,
        "data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"},\"usageMetadata\":{\"promptTokenCount\":4}}\n\n",
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}\n\ndata: {\"error\":{\"code\":503,\"message\":\"busy\",\"status\":\"UNAVAILABLE\"}}\n\ndata: {\"candidates\":[]}\n\n",
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"index\":1},{\"content\":{\"parts\":[{\"text\":\"b\"}]},\"finishReason\":\"STOP\"}]}\n\n",
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"finishReason\":\"STOP\"}]}\n\ndata: nothing\n\n",
        "data: {\"candidates\":\ndata: [{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"finishReason\":\"STOP\"}]}\n\n",
        "<html>busy</html>", "",
    ];

    [TestCaseSource(nameof(Streams))]
    public void Every_split_gives_the_same_events(string stream)
    {
        var bytes = Encoding.UTF8.GetBytes(stream);
        var whole = Translated.Stream(Translation, bytes, []);

        for (var cut = 0; cut <= bytes.Length; cut++)
            Assert.That(Translated.Stream(Translation, bytes, [cut]), Is.EqualTo(whole), $"cut at {cut}");
        Assert.That(Translated.Stream(Translation, bytes, Enumerable.Range(0, bytes.Length)), Is.EqualTo(whole), "byte by byte");
    }

    [Test]
    public void Text_comes_as_chunks_and_the_end_when_the_upstream_has_ended()
    {
        const string Head = """{"id":"r1","object":"chat.completion.chunk","created":1720989032,"model":"gemini-2.5-flash",""";
        var events = Translated.Events(Translated.Stream(Translation, Encoding.UTF8.GetBytes(Text), []));

        Assert.That(events, Is.EqualTo(new[]
        {
            Head + """ "choices":[{"index":0,"delta":{"role":"assistant","reasoning_content":"Thé"},"finish_reason":null}]}""".Trim(),
            Head + """ "choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}""".Trim(),
            Head + """ "choices":[{"index":0,"delta":{"content":"lo 😀"},"finish_reason":null}]}""".Trim(),
            Head + """ "choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""".Trim(),
            Head + """ "choices":[],"usage":{"prompt_tokens":4,"completion_tokens":8,"total_tokens":12,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":5}}}""".Trim(),
            "[DONE]",
        }));
    }

    [Test]
    public void The_gateway_reads_what_was_written()
    {
        using var scanner = new StreamScanner();
        scanner.Feed(Encoding.UTF8.GetBytes(Translated.Stream(Translation, Encoding.UTF8.GetBytes(Text), [])!));
        scanner.Complete();
        var kinds = new List<(EventKind, bool, bool)>();
        var tokens = default(UsageTokens);
        while (scanner.TryNext(out var next))
        {
            kinds.Add((next.Kind, next.Facts.HasContent, next.Facts.HasFinishReason));
            tokens = next.Facts.HasUsage ? next.Facts.Tokens : tokens;
        }

        Assert.That(kinds, Is.EqualTo(new[]
        {
            (EventKind.Chunk, true, false), (EventKind.Chunk, true, false), (EventKind.Chunk, true, false), (EventKind.Chunk, false, true), (EventKind.Chunk, false, false),
            (EventKind.Done, false, false),
        }));
        Assert.That((tokens, scanner.ReportedModel), Is.EqualTo((new UsageTokens(4, 0, 0, 8, 5), "gemini-2.5-flash")));
    }

    [Test]
    public void Calls_are_numbered_and_end_as_tool_calls()
    {
        var events = Translated.Events(Translated.Stream(Translation, Encoding.UTF8.GetBytes(Call), []));
        var calls = JsonNode.Parse(events[0])!["choices"]![0]!["delta"]!["tool_calls"]!.AsArray();

        Assert.That(calls.Select(call => ((int)call!["index"]!, (string?)call["function"]!["name"], (string?)call["function"]!["arguments"])),
            Is.EqualTo(new[] { (0, "f", """{"a":"\""}"""), (1, "g", "{}") }));
        Assert.That((string?)JsonNode.Parse(events[1])!["choices"]![0]!["finish_reason"], Is.EqualTo("tool_calls"));
        Assert.That(events[^1], Is.EqualTo("[DONE]"));
    }

    [Test]
    public void A_reason_in_every_event_is_told_once()
    {
        const string Event = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"finishReason\":\"STOP\"}]}\n\n";

        var stream = Translated.Stream(Translation, Encoding.UTF8.GetBytes(Event + Event), [])!;

        Assert.That((stream.Split("\"stop\"").Length - 1, stream.Split("\"content\":\"a\"").Length - 1), Is.EqualTo((1, 2)));
    }

    [Test]
    public void A_stream_that_broke_off_has_no_end()
    {
        var broken = Text[..Text.IndexOf("data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"lo", StringComparison.Ordinal)];

        var events = Translated.Events(Translated.Stream(Translation, Encoding.UTF8.GetBytes(broken), []));
        var inside = Translated.Events(Translated.Stream(Translation, Encoding.UTF8.GetBytes(broken + "data: {\"candidates\": [{\"con"), []));

        Assert.That((events.Length, inside.Length), Is.EqualTo((2, 2)));
        Assert.That(string.Concat(events), Does.Not.Contain("[DONE]").And.Not.Contain("usage"));
    }

    [Test]
    public void A_stream_in_which_one_choice_has_not_ended_has_no_end() =>
        Assert.That(Translated.Stream(Translation, Encoding.UTF8.GetBytes(Streams[8]), []), Does.Contain("\"a\"").And.Contain("\"b\"").And.Not.Contain("[DONE]"));

    [Test]
    public void A_refused_prompt_ends_as_filtered()
    {
        var events = Translated.Events(Translated.Stream(Translation, Encoding.UTF8.GetBytes(Streams[6]), []));

        Assert.That(events[0], Does.Contain("""{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"content_filter"}"""));
        Assert.That((events.Length, events[^1]), Is.EqualTo((3, "[DONE]")));
    }

    [Test]
    public void An_error_becomes_an_error_event_and_nothing_follows()
    {
        var events = Translated.Events(Translated.Stream(Translation, Encoding.UTF8.GetBytes(Streams[7]), []));

        Assert.That(events[1..], Is.EqualTo(new[] { """{"error":{"message":"busy","type":"server_error","param":null,"code":"UNAVAILABLE"}}""" }));
    }

    [TestCase("data: nothing\n\n")]
    [TestCase("data: []\n\n")]
    [TestCase("data: {\"candidates\":[{\"index\":99}]}\n\n")]
    public void An_event_of_another_kind_breaks_the_stream(string stream) =>
        Assert.That(Translated.Stream(Translation, Encoding.UTF8.GetBytes(stream), []), Is.Null);

    [Test]
    public void An_event_without_end_breaks_the_stream_at_its_limit()
    {
        using var translator = Translation.Translate(Translated.Target(stream: true));
        using var output = new PooledBuffer();
        var line = new byte[StreamScanner.DefaultMaxEventBytes + 1];
        line.AsSpan().Fill((byte)'a');

        Assert.That((translator.TryTranslate(line.AsSpan(1), output), translator.TryTranslate("aa"u8, output)), Is.EqualTo((true, false)));
    }

    [Test]
    public void Damaged_streams_are_refused_or_read_and_never_throw()
    {
        var random = new Random(11);
        var refused = 0;
        for (var round = 0; round < 5_000; round++)
        {
            var bytes = Encoding.UTF8.GetBytes(round % 2 == 0 ? Text : Call);
            for (var damage = random.Next(1, 4); damage > 0; damage--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            refused += Translated.Stream(Translation, bytes, [random.Next(bytes.Length)]) is null ? 1 : 0;
        }

        Assert.That(refused, Is.InRange(100, 4_900));
    }
}
