namespace Gateway.Ledger.Spool;

/// <summary>Another gateway has the spool's folder: stops the start with one line that names the setting.</summary>
public sealed class SpoolInUseException(string folder, Exception cause)
    : IOException($"Gateway__Spool: the folder '{folder}' is in use by another gateway; each gateway needs its own.", cause);

/// <summary>Keeps a second gateway off a spool's folder.</summary>
internal sealed class SpoolLock : IDisposable
{
    private readonly FileStream file;

    private SpoolLock(FileStream file) => this.file = file;

    /// <summary>Makes the folder if need be, and locks it.</summary>
    /// <exception cref="SpoolInUseException">Another gateway has it.</exception>
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
            throw new SpoolInUseException(folder, exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
