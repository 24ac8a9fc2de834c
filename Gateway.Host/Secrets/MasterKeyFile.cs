using System.Security.Cryptography;
using Gateway.Host.Settings;

namespace Gateway.Host.Secrets;

/// <summary>Keeps the master key of a gateway that was not given one: a file beside the SQLite file that only its owner may read.</summary>
internal static class MasterKeyFile
{
    /// <summary>The file's name.</summary>
    public const string Name = "master.key";

    /// <summary>The configured master key, or the file's, or a new one that is written to the file first.</summary>
    /// <exception cref="SettingException">The file does not hold a master key.</exception>
    public static MasterKeys LoadOrCreate(GatewaySettings settings)
    {
        var path = PathOf(settings);
        if (settings.MasterKey is null && !File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path) ?? ".");
            Create(path);
        }

        return Load(settings);
    }

    /// <summary>The configured master key, or the file's; makes nothing.</summary>
    /// <exception cref="SettingException">There is neither, or the file does not hold a master key.</exception>
    public static MasterKeys Load(GatewaySettings settings)
    {
        if (settings.MasterKey is { } configured)
            return new MasterKeys(configured, settings.PreviousMasterKeys);

        var path = PathOf(settings);
        if (!File.Exists(path))
            throw new SettingException("Gateway__MasterKey", $"is not set, and there is no file {path}.");

        var key = new byte[MasterKeys.KeyBytes];
        if (!Convert.TryFromBase64String(File.ReadAllText(path).Trim(), key, out var length) || length != key.Length)
            throw new SettingException("Gateway__MasterKey", $"the file {path} does not hold base64 of 32 bytes.");
        return new MasterKeys(key, settings.PreviousMasterKeys);
    }

    private static string PathOf(GatewaySettings settings) => Path.Combine(Path.GetDirectoryName(settings.BookFile) ?? ".", Name);

    private static void Create(string path)
    {
        // Written aside and renamed, so that a crash leaves no half of a key under the name; renaming onto a file that appeared meanwhile fails.
        var draft = $"{path}.{Guid.NewGuid():N}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(draft, options))
        {
            using var writer = new StreamWriter(file);
            writer.WriteLine(Convert.ToBase64String(RandomNumberGenerator.GetBytes(MasterKeys.KeyBytes)));
            writer.Flush();
            file.Flush(flushToDisk: true);
        }

        try
        {
            File.Move(draft, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(draft);
        }
    }
}
