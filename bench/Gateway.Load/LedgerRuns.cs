using System.Diagnostics;
using System.Globalization;

namespace Gateway.Load;

/// <summary>What is asked of a ledger under load: how soon the book has a settlement, what a call costs, and whether memory stays where it is.</summary>
internal static class LedgerRuns
{
    private const double WarmUpSeconds = 5;

    /// <summary>Prints times, this process's CPU a call, and the recording lag. A file named <paramref name="marker"/> is there while it measures.</summary>
    public static async Task<int> RunAsync(string redis, string postgres, int accounts, double rate, double seconds, string? marker)
    {
        await using var load = await LedgerLoad.OpenAsync(redis, postgres, accounts);
        await load.RunAsync(rate, WarmUpSeconds);
        var since = DateTimeOffset.UtcNow;
        if (marker is not null)
            await File.WriteAllTextAsync(marker, "");
        var before = Cpu();
        await load.RunAsync(rate, seconds);
        var cpu = (Cpu() - before).TotalMicroseconds / (rate * seconds);
        if (marker is not null)
            File.Delete(marker);
        Console.WriteLine($"{load.Times()}; {cpu:F0} us of CPU a call (gateway's side)");
        Console.WriteLine(await load.LagAsync(since));
        return 0;
    }

    /// <summary>Prints heap and resident memory at intervals, and what both grow by an hour after the first third, by least squares.</summary>
    public static async Task<int> SoakAsync(string redis, string postgres, int accounts, double rate, double seconds)
    {
        const int Intervals = 24;
        await using var load = await LedgerLoad.OpenAsync(redis, postgres, accounts);
        var started = Stopwatch.GetTimestamp();
        var samples = new List<(double Hours, double Heap, double Resident)>();
        Console.WriteLine("seconds heap_mb resident_mb collections");
        for (var i = 0; i < Intervals; i++)
        {
            await load.RunAsync(rate, seconds / Intervals);

            // After a full collection: what is still reachable, not what is not collected yet.
            var heap = GC.GetTotalMemory(forceFullCollection: true) / 1e6;
            var sample = (Stopwatch.GetElapsedTime(started).TotalHours, heap, Environment.WorkingSet / 1e6);
            samples.Add(sample);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{sample.TotalHours * 3600,7:F0} {sample.heap,7:F1} {sample.Item3,11:F1} {GC.CollectionCount(2),11}"));
        }

        var warm = samples.GetRange(Intervals / 3, Intervals - (Intervals / 3));
        Console.WriteLine($"after the warm-up: heap {Slope(warm, static s => s.Heap):F1} MB an hour, resident {Slope(warm, static s => s.Resident):F1} MB an hour");
        return 0;
    }

    private static TimeSpan Cpu()
    {
        using var self = Process.GetCurrentProcess();
        return self.TotalProcessorTime;
    }

    private static double Slope(List<(double Hours, double Heap, double Resident)> samples, Func<(double Hours, double Heap, double Resident), double> of)
    {
        var middle = samples.Average(static s => s.Hours);
        var mean = samples.Average(of);
        return samples.Sum(s => (s.Hours - middle) * (of(s) - mean)) / samples.Sum(s => (s.Hours - middle) * (s.Hours - middle));
    }
}
