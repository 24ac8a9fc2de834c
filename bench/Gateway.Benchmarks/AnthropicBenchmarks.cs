using BenchmarkDotNet.Attributes;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Providers;
using Gateway.Transforms.Providers.Anthropic;

namespace Gateway.Benchmarks;

/// <summary>Budgets: a chunk of an Anthropic stream under 5 µs either way, and 0 bytes.</summary>
[MemoryDiagnoser]
public class AnthropicBenchmarks
{
    private static readonly byte[] Delta =
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\" hello\"}}\n\n"u8.ToArray();

    private static readonly byte[] Chunk =
        "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1718000000,\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" hello\"},\"finish_reason\":null}]}\n\n"u8.ToArray();

    private readonly PooledBuffer _output = new(1 << 12);
    private readonly IStreamTranslator _toChat = new ChatOverMessages().Translate(default(TranslationTarget) with { UpstreamModel = "m", ReceiptId = "ul_1" });
    private readonly IStreamTranslator _toMessages = new MessagesOverChat().Translate(default(TranslationTarget) with { UpstreamModel = "m", ReceiptId = "ul_1" });

    [GlobalCleanup]
    public void Cleanup()
    {
        _toChat.Dispose();
        _toMessages.Dispose();
        _output.Dispose();
    }

    [Benchmark]
    public bool DeltaToChunk()
    {
        _output.Clear();
        return _toChat.TryTranslate(Delta, _output);
    }

    [Benchmark]
    public bool ChunkToDelta()
    {
        _output.Clear();
        return _toMessages.TryTranslate(Chunk, _output);
    }
}
