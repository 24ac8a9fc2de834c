using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Gateway.Load;

/// <summary>What the disk takes for <c>fdatasync</c> after an append of 512 bytes: the least that a settlement which survives a loss of power waits for.</summary>
internal static class Disk
{
    /// <summary>Prints <c>p50 X ms, p99 Y ms</c>.</summary>
    public static int Measure(string folder, int flushes)
    {
        using var file = new FileStream(Path.Combine(folder, "disk"), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
        var record = new byte[512];
        var times = new double[flushes];
        for (var i = 0; i < flushes; i++)
        {
            var started = Stopwatch.GetTimestamp();
            file.Write(record);
            if (fdatasync((int)file.SafeFileHandle.DangerousGetHandle()) != 0)
                throw new IOException($"fdatasync: {Marshal.GetLastPInvokeError()}");
            times[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        }

        Array.Sort(times);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"p50 {times[flushes / 2]:F2} ms, p99 {times[(int)(flushes * 0.99)]:F2} ms"));
        return 0;
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int fdatasync(int file);
}
