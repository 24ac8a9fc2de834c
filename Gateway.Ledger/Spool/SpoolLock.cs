namespace Gateway.Ledger.Spool;

/// <summary>Keeps a second gateway off a spool's folder.</summary>
internal sealed class SpoolLock : IDisposable
{
    private readonly FileStream file;

    private SpoolLock(FileStream file) => this.file = file;

    /// <summary>Makes the folder if need be, and locks it.</summary>
    /// <exception cref="IOException">Another gateway has it.</exception>
    public static SpoolLock Take(string folder)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, "lock");
        try
        {
            return new SpoolLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException exception)
        {
            throw new IOException($"Gateway__Spool: the folder '{folder}' is in use by another gateway; each gateway needs its own.", exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
