using BenchmarkDotNet.Running;
using Gateway.Benchmarks.Compression;
using Gateway.Benchmarks.Watchdog;

if (args is ["compression", .. var paths])
    Console.Write(CompressionReport.Run(paths));
else if (args is ["watchdog-simulation", .. var rest])
    WatchdogReport.Write(rest, Console.Out);
else
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
