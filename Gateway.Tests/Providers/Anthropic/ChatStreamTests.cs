using System.Text;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Providers.Anthropic;
using NUnit.Framework;

namespace Gateway.Tests.Providers.Anthropic;

/// <summary>Anthropic's streams to chat clients.</summary>
public class ChatStreamTests
{
    // https://platform.claude.com/docs/en/build-with-claude/streaming
    internal const string Tools = """
        event: message_start
        data: {"type":"message_start","message":{"id":"msg_014p7gG3wDgGV9EUtLvnow3U","type":"message","role":"assistant","model":"claude-opus-4-5","stop_sequence":null,"usage":{"input_tokens":472,"cache_creation_input_tokens":8,"cache_read_input_tokens":20,"output_tokens":2},"content":[],"stop_reason":null}}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Let me \"see\""}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQBCgIYAhIM"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":0}

        event: ping
        data: {"type": "ping"}

        event: content_block_start
        data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Okay \ud83d\ude00"}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":" – let's"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":1}

        event: content_block_start
        data: {"type":"content_block_start","index":2,"content_block":{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"query\":\"x\"}"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":2}

        event: content_block_start
        data: {"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"toolu_01T1x1fJ34qAmk2tNTrN7Up6","name":"get_weather","input":{}}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":""}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"location\":"}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":" \"San Francisco, CA\"}"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":3}

        event: content_block_start
        data: {"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"toolu_02","name":"now","input":{}}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":4}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":89}}

        event: message_stop
        data: {"type":"message_stop"}


        """;

    private readonly ChatOverMessages _translation = new();

    [Test]
    public void Events_become_chunks_with_indexed_calls_one_finish_reason_and_one_usage()
    {
        var stream = Translated.Stream(_translation, Tools)!;
        var chunks = Translated.Events(stream);
        var deltas = chunks.Where(static chunk => chunk["choices"]!.AsArray().Count > 0).Select(static chunk => chunk["choices"]![0]!).ToList();

        Assert.That(stream, Does.EndWith("}\n\ndata: [DONE]\n\n").And.Contain("\n\n: ping\n\n"));
        Assert.That(deltas.Select(static choice => choice["delta"]!.ToJsonString(Plain)), Is.EqualTo(new[]
        {
            """{"role":"assistant","content":""}""",
            """{"reasoning_content":"Let me \"see\""}""",
            """{"content":"Okay \uD83D\uDE00"}""",
            """{"content":" – let's"}""",
            """{"tool_calls":[{"index":0,"id":"toolu_01T1x1fJ34qAmk2tNTrN7Up6","type":"function","function":{"name":"get_weather","arguments":""}}]}""",
            """{"tool_calls":[{"index":0,"function":{"arguments":"{\"location\":"}}]}""",
            """{"tool_calls":[{"index":0,"function":{"arguments":" \"San Francisco, CA\"}"}}]}""",
            """{"tool_calls":[{"index":1,"id":"toolu_02","type":"function","function":{"name":"now","arguments":""}}]}""",
            """{"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]}""",
            """{}""",
        }));
        Assert.That(deltas.Select(static choice => choice["finish_reason"]?.GetValue<string>()), Is.EqualTo(Enumerable.Repeat<string?>(null, 9).Append("tool_calls")));
        Assert.That(Translated.Same(chunks[^1], """
            {"id":"chatcmpl-014p7gG3wDgGV9EUtLvnow3U","object":"chat.completion.chunk","created":1750000000,"model":"claude-opus-4-5","choices":[],
             "usage":{"prompt_tokens":500,"completion_tokens":89,"total_tokens":589,"prompt_tokens_details":{"cached_tokens":20,"cache_creation_tokens":8},"completion_tokens_details":{"reasoning_tokens":0}}}
            """), chunks[^1].ToJsonString());
        Assert.That(chunks.Select(static chunk => chunk["id"]!.GetValue<string>()).Distinct(), Has.Exactly(1).Items);
    }

    [Test]
    public void The_gateways_own_reader_understands_the_chunks()
    {
        using var text = new PooledBuffer();
        using var scanner = new StreamScanner(text);
        scanner.Feed(Encoding.UTF8.GetBytes(Translated.Stream(_translation, Tools)!));
        var kinds = new List<EventKind>();
        var tokens = default(UsageTokens);
        while (scanner.TryNext(out var next))
        {
            kinds.Add(next.Kind);
            tokens = next.Facts.HasUsage ? next.Facts.Tokens : tokens;
        }

        Assert.That(kinds, Has.None.EqualTo(EventKind.NotJson).And.None.EqualTo(EventKind.Error));
        Assert.That(kinds[^1], Is.EqualTo(EventKind.Done));
        Assert.That(tokens, Is.EqualTo(new UsageTokens(500, 20, 8, 89, 0)));
        Assert.That(scanner.ReportedModel, Is.EqualTo("claude-opus-4-5"));
        Assert.That(Encoding.UTF8.GetString(text.WrittenSpan), Is.EqualTo("Let me \"see\"Okay 😀 – let'sget_weather{\"location\": \"San Francisco, CA\"}now{}"));
    }

    // Later numbers replace earlier ones, a null does not: some upstreams know the input at the end only.
    [TestCase("""{"input_tokens":9,"cache_read_input_tokens":4,"output_tokens":1}""", """{"output_tokens":7}""", 13, 4, 7)]
    [TestCase("""{"input_tokens":0,"output_tokens":0}""", """{"input_tokens":9,"output_tokens":7}""", 9, 0, 7)]
    [TestCase("""{"input_tokens":9,"cache_read_input_tokens":4,"output_tokens":1}""", """{"input_tokens":9,"cache_read_input_tokens":null,"output_tokens":7}""", 13, 4, 7)]
    [TestCase("""{"input_tokens":9,"output_tokens":1}""", """{"output_tokens":"7"}""", 9, 0, -1)]
    public void Usage_of_a_stream_is_put_together(string first, string last, long input, long cached, long output)
    {
        var stream = Translated.Stream(_translation, $$$$$"""
            data: {"type":"message_start","message":{"id":"msg_1","model":"m","usage":{{{{{first}}}}}}}

            data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{{{{{last}}}}}}

            data: {"type":"message_stop"}


            """)!;
        var usage = Translated.Events(stream)[^1]["usage"]!;

        Assert.That((usage["prompt_tokens"]!.GetValue<long>(), usage["prompt_tokens_details"]!["cached_tokens"]!.GetValue<long>(), usage["completion_tokens"]!.GetValue<long>()),
            Is.EqualTo((input, cached, output)));
    }

    [Test]
    public void A_stream_that_breaks_off_stays_without_an_end()
    {
        var half = Translated.Stream(_translation, Tools[..Tools.IndexOf("event: message_delta", StringComparison.Ordinal)])!;
        var almost = Translated.Stream(_translation, Tools[..Tools.IndexOf("event: message_stop", StringComparison.Ordinal)])!;

        Assert.That(half, Does.Not.Contain("[DONE]").And.Not.Contain("\"usage\""));
        Assert.That(almost, Does.Not.Contain("[DONE]").And.Contain("\"completion_tokens\":89"), "what the upstream said of usage counts");
    }

    [Test]
    public void An_error_in_the_stream_is_its_last_event()
    {
        var stream = Translated.Stream(_translation, "event: error\ndata: {\"type\": \"error\", \"error\": {\"type\": \"overloaded_error\", \"message\": \"Overloaded\"}}\n\n" + Tools)!;

        Assert.That(stream, Is.EqualTo("data: {\"error\":{\"message\":\"Overloaded\",\"type\":\"api_error\",\"param\":null,\"code\":\"overloaded_error\"}}\n\n"));
    }

    [TestCase("data: [DONE]\n\n")]
    [TestCase("data: {\"choices\":[]}\n\n")]
    [TestCase("data: {\"type\":\"message_start\"\n\n")]
    [TestCase("data: <html>\n\n")]
    public void What_is_no_event_of_Anthropics_breaks_the_stream(string stream) => Assert.That(Translated.Stream(_translation, stream), Is.Null);

    private static readonly System.Text.Json.JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
