using System.Text;
using BenchmarkDotNet.Attributes;
using Gateway.Transforms.Bodies;

namespace Gateway.Benchmarks;

/// <summary>Budgets: a chunk under 1 µs and 0 bytes; indexing allocates the model's name only, whatever the size.</summary>
[MemoryDiagnoser]
public class BodyBenchmarks
{
    private readonly RequestIndex _index = new();
    private readonly BodySplice _splice = new();
    private readonly PooledBuffer _text = new(1 << 16);
    private byte[] _small = [];
    private byte[] _large = [];
    private byte[] _output = [];
    private byte[] _chunk = [];
    private StreamScanner _scanner = new();

    [GlobalSetup]
    public void Setup()
    {
        _small = Body(1_000);
        _large = Body(100_000);
        _output = new byte[_large.Length + 1_000];
        _chunk = Encoding.UTF8.GetBytes(
            "data: {\"id\":\"chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz012\",\"object\":\"chat.completion.chunk\",\"created\":1718000000,\"model\":\"gpt-4o-mini-2024-07-18\","
            + "\"system_fingerprint\":\"fp_0123456789\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" hello\"},\"finish_reason\":null}],\"usage\":null}\n\n");
        _scanner = new StreamScanner(_text);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _scanner.Dispose();
        _text.Dispose();
    }

    [Benchmark]
    public bool Index1Kb() => _index.TryRead(_small, out _);

    [Benchmark]
    public bool Index100Kb() => _index.TryRead(_large, out _);

    [Benchmark]
    public int IndexAndSplice100Kb()
    {
        _index.TryRead(_large, out _);
        _splice.Clear();
        RequestEdits.ReplaceModel(_index, _splice, "gpt-4o-mini");
        RequestEdits.RemoveProvider(_index, _splice);
        RequestEdits.IncludeUsage(_index, _splice);
        RequestEdits.CapOutputTokens(_index, _splice, 4_096);
        _splice.WriteTo(_large, _output);
        return _splice.OutputLength(_large.Length);
    }

    [Benchmark]
    public bool MeterChunk()
    {
        _text.Clear();
        _scanner.Feed(_chunk);
        return _scanner.TryNext(out _);
    }

    private static byte[] Body(int size)
    {
        const string message = """{"role":"user","content":"What does the gateway do with a body that no rule touches?\nIt sends it on, byte for byte."}""";
        var messages = string.Join(',', Enumerable.Repeat(message, size / message.Length));
        return Encoding.UTF8.GetBytes($$"""{"model":"deepseek-chat","provider":"deepseek","stream":true,"messages":[{{messages}}],"temperature":0.7}""");
    }
}
