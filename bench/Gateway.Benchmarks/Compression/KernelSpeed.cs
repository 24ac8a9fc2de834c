using System.Diagnostics;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Compression;
using Gateway.Transforms.Tokens;

namespace Gateway.Benchmarks.Compression;

/// <summary>Speeds of the steps without the time that a full benchmark takes: the best of many short runs, as others may use the machine.</summary>
internal static class KernelSpeed
{
    private const int WarmUps = 150;
    private const int Runs = 60;

    /// <summary>The step alone, and the whole compression of its input with tokens counted on both sides. Unit: MB/s.</summary>
    public static (double Kernel, double Whole) Measure(KernelInput input)
    {
        using var output = new PooledBuffer();
        var kernel = Best(input.Bytes.Length, () =>
        {
            output.Clear();
            input.Run(input.Bytes, output);
        });
        var whole = Best(input.Bytes.Length, () => BlockCompressor.Compress(input.Bytes, input.Role, input.Strength, BlockTokenCounts.Empty(TokenEncoding.O200k), output));
        return (kernel, whole);
    }

    private static double Best(int bytes, Action run)
    {
        for (var i = 0; i < WarmUps; i++) run();
        var best = double.MaxValue;
        for (var i = 0; i < Runs; i++)
        {
            var start = Stopwatch.GetTimestamp();
            run();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return bytes / 1e6 / best;
    }
}
