using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Gateway.Ledger.Spool;

/// <summary>The operating system's files, as far as the spool needs them; tests put failing ones in their place.</summary>
internal interface ISpoolFiles
{
    /// <summary>A new file full of zeros whose space is its own when this returns.</summary>
    ISpoolFile Create(string path, long length);
}

/// <summary>One segment file.</summary>
internal interface ISpoolFile : IDisposable
{
    /// <summary>Hands the bytes to the operating system: they survive the death of the process.</summary>
    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Puts what was written on the disk: it survives a power cut.</summary>
    void Flush();
}

/// <summary>Files on the local disk.</summary>
/// <param name="durability">What their records must survive.</param>
internal sealed class DiskSpoolFiles(Durability durability) : ISpoolFiles
{
    private const int ZeroBlock = 1 << 20;

    /// <inheritdoc/>
    public ISpoolFile Create(string path, long length)
    {
        // Receipts are nobody else's to read. File.OpenHandle takes no mode, so the file is made first.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };

        // Nobody waits for the disk, so reserved is enough: the kernel fills in zeros where it must, and a full disk is seen here, not in the middle of a segment.
        if (durability == Durability.Process)
            options.PreallocationSize = length;
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        new FileStream(path, options).Dispose();
        var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.Read);
        var file = new DiskSpoolFile(handle);
        try
        {
            if (durability == Durability.Power)
                WriteZeros(file, handle, length);
            else
                RandomAccess.SetLength(handle, length);
            LinuxDisk.FlushFolder(Path.GetDirectoryName(path) ?? ".");
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    // Written, not only reserved: a block that was merely reserved changes metadata at its first write, and fdatasync would wait for that.
    private static void WriteZeros(DiskSpoolFile file, SafeFileHandle handle, long length)
    {
        var zeros = new byte[Math.Min(length, ZeroBlock)];
        for (long offset = 0; offset < length; offset += zeros.Length)
            file.Write(zeros.AsSpan(0, (int)Math.Min(zeros.Length, length - offset)), offset);
        RandomAccess.FlushToDisk(handle);
    }

    private sealed class DiskSpoolFile(SafeFileHandle handle) : ISpoolFile
    {
        public void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(handle, bytes, offset);

        public void Flush()
        {
            if (OperatingSystem.IsLinux())
                LinuxDisk.FlushData(handle);
            else
                RandomAccess.FlushToDisk(handle);
        }

        public void Dispose() => handle.Dispose();
    }
}

/// <summary>What .NET has no call for.</summary>
internal static class LinuxDisk
{
    /// <summary><c>fdatasync</c>: the data without the time stamps.</summary>
    public static void FlushData(SafeFileHandle handle)
    {
        if (FDataSync(handle) != 0)
            throw LastError("fdatasync");
    }

    /// <summary>Makes the names in a folder durable; other systems than Linux do so with the file.</summary>
    public static void FlushFolder(string folder)
    {
        if (!OperatingSystem.IsLinux())
            return;

        var descriptor = Open(folder, 0);
        if (descriptor < 0)
            throw LastError("open " + folder);
        try
        {
            if (FSync(descriptor) != 0)
                throw LastError("fsync " + folder);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException LastError(string what)
    {
        var error = new Win32Exception(Marshal.GetLastPInvokeError());
        return new IOException($"The spool: {what} failed: {error.Message}", error);
    }

    [DllImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static extern int FDataSync(SafeFileHandle handle);

    [DllImport("libc", EntryPoint = "open", SetLastError = true, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int FSync(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int Close(int descriptor);
}
