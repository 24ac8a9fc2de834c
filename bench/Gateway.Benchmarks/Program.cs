using BenchmarkDotNet.Running;
using Gateway.Benchmarks.Compression;

if (args is ["compression", .. var paths])
{
    Console.Write(CompressionReport.Run(paths));
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
