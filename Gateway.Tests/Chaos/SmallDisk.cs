using System.Diagnostics;

namespace Gateway.Tests.Chaos;

/// <summary>A file system of a few megabytes in memory for one spool. Only root may mount one.</summary>
internal sealed class SmallDisk : IDisposable
{
    private const int Megabytes = 96;

    // Records that arrive while the hole is made must not fall into it: this is more than a second of them.
    private const int Margin = 256 << 10;

    private readonly string folder;

    private SmallDisk(string folder) => this.folder = folder;

    private string Ballast => Path.Combine(folder, "ballast");

    /// <summary>The folder on the small disk that may be used.</summary>
    public string Folder => Path.Combine(folder, "spool");

    /// <summary>Mounts one at the folder; <c>null</c>: this process may not.</summary>
    public static async Task<SmallDisk?> MountAsync(string folder)
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            return null;

        Directory.CreateDirectory(folder);
        if (await RunAsync("mount", "-t", "tmpfs", "-o", $"size={Megabytes}m", "none", folder) != 0)
            return null;
        var disk = new SmallDisk(folder);
        Directory.CreateDirectory(disk.Folder);
        return disk;
    }

    /// <summary>Takes all its space, and what the spool had reserved beyond what it has written: its next writes find the disk full.</summary>
    public async Task FillAsync()
    {
        var tails = Segments().Select(static path => (Path: path, From: Written(path) + Margin, new FileInfo(path).Length)).ToList();
        TakeAll();
        foreach (var (path, from, length) in tails)
        {
            if (from < length)
                await RunAsync("fallocate", "--punch-hole", "--offset", $"{from}", "--length", $"{length - from}", path);
        }

        TakeAll();
    }

    /// <summary>Gives the space back.</summary>
    public void Free() => File.Delete(Ballast);

    public void Dispose()
    {
        // Lazily: a gateway that was killed a moment ago may still be closing its files.
        using var unmount = Process.Start("umount", ["-l", folder]);
        unmount.WaitForExit();
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    private IEnumerable<string> Segments() => Directory.EnumerateFiles(Folder).Where(static path => new FileInfo(path).Length > Margin);

    // A segment is zeros from its last record on, and a record does not end in 64 KiB of them.
    private static long Written(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var block = new byte[64 << 10];
        long end = 0;
        for (long offset = 0; file.Read(block) is > 0 and var read; offset += read)
        {
            if (!block.AsSpan(0, read).ContainsAnyExcept((byte)0))
                break;
            end = offset + read;
        }

        return end;
    }

    private void TakeAll()
    {
        try
        {
            using var file = new FileStream(Ballast, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
            var block = new byte[64 << 10];
            Array.Fill(block, (byte)1);
            for (var taken = 0; taken < Megabytes << 4; taken++)
                file.Write(block);
        }
        catch (IOException)
        {
            // Full, which is what was wanted.
        }
    }
}
