using System.Diagnostics;

namespace Gateway.Tests.Chaos;

/// <summary>Makes <c>fsync</c> slow for the processes that are started with it. It is a library loaded before libc, so a C compiler must be there.</summary>
internal sealed class SlowDisk
{
    private readonly string library;

    private SlowDisk(string library) => this.library = library;

    /// <summary>Compiles the library into the folder; <c>null</c>: this machine has no C compiler.</summary>
    public static async Task<SlowDisk?> MakeAsync(string folder)
    {
        var compiler = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(static path => Path.Combine(path, "cc"))
            .FirstOrDefault(File.Exists);
        if (!OperatingSystem.IsLinux() || compiler is null)
            return null;

        var made = Path.Combine(folder, "slow_disk.so");
        using var process = Process.Start(compiler, ["-shared", "-fPIC", "-O1", "-o", made, Source(), "-ldl"]);
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? new SlowDisk(made) : throw new InvalidOperationException($"{compiler} ended with {process.ExitCode}.");
    }

    /// <summary>What a process is started with, and the file that says how slow it is.</summary>
    public void AddTo(IDictionary<string, string> environment, string delayFile)
    {
        Set(delayFile, TimeSpan.Zero);
        environment["LD_PRELOAD"] = library;
        environment["SLOW_DISK_FILE"] = delayFile;
    }

    /// <summary>Each <c>fsync</c> takes so much longer from now on.</summary>
    public static void Set(string delayFile, TimeSpan delay)
    {
        // Renamed into place: a reader sees the old number or the new one, never half of it.
        File.WriteAllText($"{delayFile}.new", $"{(int)delay.TotalMilliseconds}");
        File.Move($"{delayFile}.new", delayFile, overwrite: true);
    }

    private static string Source() => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../Chaos/slow_disk.c"));
}
