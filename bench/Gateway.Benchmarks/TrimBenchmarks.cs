using System.Text;
using BenchmarkDotNet.Attributes;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Trimming;

namespace Gateway.Benchmarks;

/// <summary>Tool conversations of 1 MB: MB/s is 1,000 divided by the mean in milliseconds. Allocated: the objects alone, whatever the size.</summary>
[MemoryDiagnoser]
public class TrimBenchmarks
{
    private const int Bytes = 1_000_000;
    private const int MaxMessages = 40;

    private readonly MessageIndex _index = new();
    private readonly BodySplice _splice = new();
    private readonly byte[] _output = new byte[Bytes];
    private byte[] _body = [];
    private ByteRange _messages;

    /// <summary>Length of one tool result. Unit: bytes; 200 makes about 3,900 messages, 8,000 about 450.</summary>
    [Params(200, 2_000, 8_000)]
    public int ResultBytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        const string head = """{"model":"gpt-5","messages":[{"role":"system","content":"You are an agent."}""";
        var result = new string('x', ResultBytes).Replace("xxxxxxxxxx", "\\\"name\\\": 1", StringComparison.Ordinal);
        var body = new StringBuilder(head);
        for (var turn = 0; body.Length < Bytes - (4 * ResultBytes) - 1_000; turn++)
        {
            body.Append($$$""",{"role":"user","content":"And the order number {{{turn}}}?"}""");
            body.Append($$$""",{"role":"assistant","content":null,"tool_calls":[{"id":"call_{{{turn}}}a","type":"function","function":{"name":"find_order","arguments":"{\"id\":{{{turn}}}}"}}]}""");
            body.Append($$$""",{"role":"tool","tool_call_id":"call_{{{turn}}}a","content":"{{{result}}}"}""");
            body.Append(""",{"role":"assistant","content":"It was delivered on the day after you sent it back, and the refund is on its way."}""");
        }

        _body = Encoding.UTF8.GetBytes(body.Append("]}").ToString());
        _messages = new ByteRange(head.IndexOf('['), _body.Length - head.IndexOf('[') - 1);
    }

    [GlobalCleanup]
    public void Cleanup() => _index.Dispose();

    [Benchmark(Baseline = true)]
    public int Index()
    {
        _index.Read(_body, _messages, MessageFormat.Chat);
        return _index.Messages.Length;
    }

    [Benchmark]
    public int IndexAndTrim()
    {
        _splice.Clear();
        return MessageTrim.Trim(_body, _messages, MessageFormat.Chat, MaxMessages, _splice).Dropped;
    }

    [Benchmark]
    public int IndexTrimAndWrite()
    {
        _splice.Clear();
        MessageTrim.Trim(_body, _messages, MessageFormat.Chat, MaxMessages, _splice);
        _splice.WriteTo(_body, _output);
        return _splice.OutputLength(_body.Length);
    }
}
