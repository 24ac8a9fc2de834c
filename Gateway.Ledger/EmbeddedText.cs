namespace Gateway.Ledger;

/// <summary>Reads the SQL and Lua files that are embedded beside their users.</summary>
internal static class EmbeddedText
{
    /// <summary>The text of <c>Gateway.Ledger/<paramref name="path"/></c>; a missing file is a bug of the build and throws.</summary>
    public static string Read(string path)
    {
        using var stream = typeof(EmbeddedText).Assembly.GetManifestResourceStream(path)
            ?? throw new InvalidOperationException($"No embedded file {path}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>The paths of the files in a folder, in order of name.</summary>
    public static IReadOnlyList<string> List(string folder) =>
        [.. typeof(EmbeddedText).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(folder, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
}
