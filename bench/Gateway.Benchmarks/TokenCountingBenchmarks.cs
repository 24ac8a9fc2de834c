using System.Text;
using BenchmarkDotNet.Attributes;
using Gateway.Transforms.Tokens;

namespace Gateway.Benchmarks;

/// <summary>Exact counts of 64 KiB texts: MB/s is 65.5 divided by the mean in milliseconds. Nothing may be allocated.</summary>
[MemoryDiagnoser]
public class TokenCountingBenchmarks
{
    private const int Bytes = 65_536;

    private readonly TokenCounter _counter = TokenCounter.For(TokenEncoding.O200k);
    private readonly byte[] _english = Repeat("The agent should list the action details and obtain the user's confirmation before it updates the booking. ");
    private readonly byte[] _json = Repeat("{\"id\":184721,\"name\":\"order_items\",\"total\":99.50,\"tags\":[\"new\",\"paid\"],\"at\":\"2024-11-21T06:25:54Z\"},\n");
    private byte[] _messages = [];

    [GlobalSetup]
    public void Setup()
    {
        var message = $"{{\"role\":\"user\",\"content\":\"{Encoding.UTF8.GetString(_english.AsSpan(0, 1_000))}\\n\"}}";
        _messages = Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat(message, Bytes / message.Length))}]");
    }

    [Benchmark(Baseline = true)]
    public int English() => _counter.Count(_english);

    [Benchmark]
    public int Json() => _counter.Count(_json);

    [Benchmark]
    public long ChatBody() => ChatTokens.CountPrompt(_messages, [], "gpt-4o").Tokens;

    [Benchmark]
    public long Estimate() => TokenEstimate.Estimate(_english);

    private static byte[] Repeat(string text) => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(text, (Bytes / text.Length) + 1))).AsSpan(0, Bytes).ToArray();
}
