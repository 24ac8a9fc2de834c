using BenchmarkDotNet.Running;
using Gateway.Benchmarks;
using Gateway.Benchmarks.Compression;
using Gateway.Benchmarks.Watchdog;

if (args is ["compression", .. var paths])
    Console.Write(CompressionReport.Run(paths));
else if (args is ["watchdog-simulation", .. var rest])
    return WatchdogReport.Write(rest) ? 0 : 1;
else
    BenchmarkSwitcher.FromAssembly(typeof(BodyBenchmarks).Assembly).Run(args);
return 0;
