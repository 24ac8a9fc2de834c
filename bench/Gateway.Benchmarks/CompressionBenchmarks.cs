using BenchmarkDotNet.Attributes;
using Gateway.Benchmarks.Compression;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Compression;
using Gateway.Transforms.Tokens;

namespace Gateway.Benchmarks;

/// <summary>Steps of compression on inputs of some 256 KB: MB/s is the input's size divided by the mean. Goals: light 300, medium 100, aggressive 40, whole 30.</summary>
[MemoryDiagnoser]
public class CompressionBenchmarks
{
    private readonly PooledBuffer _output = new(1_048_576);
    private readonly PooledBuffer _whole = new(1_048_576);
    private KernelInput _input = KernelInput.All[0];

    /// <summary>What runs on what.</summary>
    public static IEnumerable<KernelInput> Inputs => KernelInput.All;

    [ParamsSource(nameof(Inputs))]
    public KernelInput Input { get => _input; set => _input = value; }

    [Benchmark]
    public int Kernel()
    {
        _output.Clear();
        _input.Run(_input.Bytes, _output);
        return _output.Length;
    }

    // Nothing is remembered between calls: both sides of every block are counted.
    [Benchmark]
    public int WholeWithTokenChecks() =>
        BlockCompressor.Compress(_input.Bytes, _input.Role, _input.Strength, BlockTokenCounts.Empty(TokenEncoding.O200k), _whole).TokensAfter;
}
