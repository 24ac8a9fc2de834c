using BenchmarkDotNet.Attributes;
using Gateway.Tests.Streaming;
using Gateway.Transforms.Providers;
using Gateway.Transforms.Providers.Anthropic;
using Gateway.Transforms.Streaming;
using Gateway.Transforms.Tokens;

namespace Gateway.Benchmarks;

/// <summary>A whole stream whose every chunk is waited for, read as YARP reads it. Budgets: a chunk under 1 µs, and nothing allocated for it: 2,000 chunks allocate what 20 do.</summary>
[MemoryDiagnoser]
public class StreamBenchmarks
{
    private static readonly byte[] Chunk =
        "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"echo\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" fox\"},\"finish_reason\":null}]}\n\n"u8.ToArray();

    private static readonly byte[] Delta =
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\" hello\"}}\n\n"u8.ToArray();

    private static readonly TranslationTarget Target = default(TranslationTarget) with { UpstreamModel = "m", ReceiptId = "ul_1" };
    private static readonly RelayOptions Options = new()
    {
        ClientWantsUsage = false,
        HoldsLastChunk = false,
        Encoding = TokenEncoding.O200k,
        PingInterval = TimeSpan.FromSeconds(15),
        IdleTimeout = TimeSpan.FromSeconds(120),
        MaxOutputTokens = 1_000_000,
    };

    private readonly byte[] _buffer = new byte[64 * 1024];

    [Params(20, 2_000)]
    public int Chunks { get; set; }

    [Benchmark]
    public long Relayed()
    {
        var upstream = new ArrivingStream();
        var relay = new SseRelay(upstream, Options, static () => true, static _ => default);
        var bytes = Copy(relay, upstream, Chunk);
        relay.Release();
        return bytes;
    }

    [Benchmark]
    public long TranslatedAndRelayed()
    {
        var upstream = new ArrivingStream();
        var relay = new SseRelay(new TranslatingStream(upstream, new ChatOverMessages().Translate(Target)), Options, static () => true, static _ => default);
        var bytes = Copy(relay, upstream, Delta);
        relay.Release();
        return bytes;
    }

    [Benchmark]
    public long RelayedAndRecorded()
    {
        var upstream = new ArrivingStream();
        var recording = new RecordingStream(upstream, 1024 * 1024);
        var relay = new SseRelay(recording, Options, static () => true, static _ => default);
        var bytes = Copy(relay, upstream, Chunk);
        relay.Release();
        recording.Release();
        return bytes;
    }

    [Benchmark]
    public long Binary()
    {
        var upstream = new ArrivingStream();
        var relay = new BinaryRelay(upstream, new BinaryRelayOptions { IdleTimeout = TimeSpan.FromSeconds(120) }, static () => true, static _ => new ValueTask<bool>(true));
        var bytes = Copy(relay, upstream, Chunk);
        relay.Release();
        return bytes;
    }

    // A read of zero bytes waits, a second one takes what came: YARP's StreamCopier.
    private long Copy(Stream relay, ArrivingStream upstream, byte[] chunk)
    {
        long bytes = 0;
        for (var i = 0; i < Chunks; i++)
        {
            var wait = relay.ReadAsync(Memory<byte>.Empty);
            upstream.Arrive(chunk);
            if (!wait.IsCompleted)
            {
                // A block that is held back until the next one comes.
                upstream.Arrive(chunk);
            }

            wait.GetAwaiter().GetResult();
            bytes += Read(relay);
        }

        var last = relay.ReadAsync(Memory<byte>.Empty);
        upstream.End();
        last.GetAwaiter().GetResult();
        while (Read(relay) is var more and > 0)
            bytes += more;
        return bytes;
    }

    private int Read(Stream relay) => relay.ReadAsync(_buffer).GetAwaiter().GetResult();
}
