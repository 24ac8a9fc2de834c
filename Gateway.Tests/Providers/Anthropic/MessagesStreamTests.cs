using Gateway.Transforms.Providers.Anthropic;
using NUnit.Framework;

namespace Gateway.Tests.Providers.Anthropic;

/// <summary>Chunks, as the gateway relays them, to Anthropic's clients.</summary>
public class MessagesStreamTests
{
    internal const string Chunks = """
        data: {"id":"chatcmpl-1","model":"gpt-5-mini","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}

        : ping

        data: {"id":"chatcmpl-1","model":"gpt-5-mini","choices":[{"index":0,"delta":{"reasoning_content":"hm"},"finish_reason":null}]}

        data: {"id":"chatcmpl-1","model":"gpt-5-mini","choices":[{"index":0,"delta":{"content":"Hé \ud83d\ude00"},"finish_reason":null}]}

        data: {"id":"chatcmpl-1","model":"gpt-5-mini","choices":[{"index":0,"delta":{"content":"llo"},"finish_reason":null}]}

        data: {"id":"chatcmpl-1","model":"gpt-5-mini","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":""}}]},"finish_reason":null}]}

        data: {"id":"chatcmpl-1","model":"gpt-5-mini","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]},"finish_reason":null}]}

        data: {"id":"chatcmpl-1","model":"gpt-5-mini","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}},{"index":1,"function":{"name":"g","arguments":"{}"}}]},"finish_reason":null}]}

        data: {"id":"chatcmpl-1","model":"gpt-5-mini","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

        data: {"id":"chatcmpl-1","model":"gpt-5-mini","choices":[],"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_tokens_details":{"cached_tokens":60},"cost":0.000123,"cost_currency":"CREDIT","paid_by":[{"bucket":"b","kind":"credit","amount":0.000123}]}}

        data: [DONE]


        """;

    private readonly MessagesOverChat _translation = new();

    [Test]
    public void Chunks_become_events_with_blocks_one_after_another_and_the_cost_in_the_last_usage()
    {
        Assert.That(Translated.Stream(_translation, Chunks), Is.EqualTo("""
            event: message_start
            data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"gpt-5-mini","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}

            event: ping
            data: {"type": "ping"}

            event: content_block_start
            data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":0}

            event: content_block_start
            data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hé \ud83d\ude00"}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"llo"}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":1}

            event: content_block_start
            data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"call_1","name":"f","input":{}}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"1}"}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":2}

            event: content_block_start
            data: {"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"toolu_ul_01977420dc00700080000000000000ab_1","name":"g","input":{}}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{}"}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":3}

            event: message_delta
            data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":40,"cache_creation_input_tokens":0,"cache_read_input_tokens":60,"output_tokens":20,"cost":0.000123,"cost_currency":"CREDIT","paid_by":[{"bucket":"b","kind":"credit","amount":0.000123}]}}

            event: message_stop
            data: {"type":"message_stop"}


            """));
    }

    [Test]
    public void Calls_without_an_index_come_whole_one_after_another()
    {
        var stream = Translated.Stream(_translation, """
            data: {"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"g","arguments":"{}"}}]}}]}

            data: [DONE]


            """)!;

        Assert.That(Translated.Events(stream).Where(static e => e["content_block"] is not null).Select(static e => e["content_block"]!["id"]!.GetValue<string>()), Is.EqualTo(new[] { "a", "b" }));
    }

    [Test]
    public void A_stream_that_breaks_off_stays_without_an_end()
    {
        var stream = Translated.Stream(_translation, Chunks[..Chunks.IndexOf("data: [DONE]", StringComparison.Ordinal)])!;

        Assert.That(stream, Does.Not.Contain("message_stop").And.Not.Contain("message_delta"));
    }

    [TestCase("data: {\"error\":{\"message\":\"broke \\\"off\\\"\",\"type\":\"api_error\",\"param\":null,\"code\":\"stream_interrupted\"}}\n\n", "{\"type\":\"api_error\",\"message\":\"broke \\\"off\\\"\",\"code\":\"stream_interrupted\"}")]
    [TestCase("data: {\"error\":{\"message\":\"top up\",\"type\":\"insufficient_quota\",\"code\":\"credit_exhausted\"}}\n\n", "{\"type\":\"billing_error\",\"message\":\"top up\",\"code\":\"credit_exhausted\"}")]
    [TestCase("event: error\ndata: {\"message\":\"odd\"}\n\n", "{\"type\":\"api_error\",\"message\":\"odd\"}")]
    public void An_error_in_the_stream_is_its_last_event(string error, string expected) =>
        Assert.That(Translated.Stream(_translation, error + Chunks), Is.EqualTo($"event: error\ndata: {{\"type\":\"error\",\"error\":{expected}}}\n\n"));

    [TestCase("data: [1]\n\n")]
    [TestCase("data: {\"choices\":\n\n")]
    [TestCase("data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":7}]}}]}\n\n")]
    public void What_is_no_chunk_breaks_the_stream(string stream) => Assert.That(Translated.Stream(_translation, stream), Is.Null);
}
