namespace Gateway.Host.Caching;

/// <summary>A step of the store: a <c>.lua</c> file beside this one, with the parts that it names by <c>--@ part.lua</c> put in their place.</summary>
internal static class CacheScript
{
    private const string Folder = "Caching/";
    private const string Part = "--@ ";

    public static readonly string KeepAnswer = Read("keep_answer.lua");
    public static readonly string KeepQuestion = Read("keep_question.lua");
    public static readonly string Questions = Read("questions.lua");
    public static readonly string Forget = Read("forget.lua");

    private static string Read(string file) =>
        string.Join('\n', Embedded(file).Split('\n').Select(static line => line.StartsWith(Part, StringComparison.Ordinal) ? Read(line[Part.Length..].Trim()) : line));

    private static string Embedded(string file)
    {
        using var stream = typeof(CacheScript).Assembly.GetManifestResourceStream(Folder + file) ?? throw new InvalidOperationException($"No embedded file {Folder}{file}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
