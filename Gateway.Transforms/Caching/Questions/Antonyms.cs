using System.Collections.Frozen;

namespace Gateway.Transforms.Caching.Questions;

/// <summary>Tells opposites: a closed list of English pairs (<c>antonyms.txt</c>), and what prefixes and suffixes negate.</summary>
internal static class Antonyms
{
    private const int ShortestStem = 3;

    private static readonly string[] Prefixes = ["un", "in", "im", "il", "ir", "dis", "non", "non-", "anti", "anti-", "de", "mis", "under", "a", "counter"];
    private static readonly FrozenSet<string> Pairs = ReadPairs();

    /// <summary>Whether one of the words negates, or is the opposite of, the other. In lower case.</summary>
    public static bool Are(string left, string right) =>
        Pairs.Contains($"{left} {right}") || Negates(left, right) || Negates(right, left);

    private static bool Negates(string longer, string shorter)
    {
        if (shorter.Length < ShortestStem)
            return false;
        if (longer.EndsWith(shorter, StringComparison.Ordinal) && Array.Exists(Prefixes, prefix => prefix.Length + shorter.Length == longer.Length
            && longer.StartsWith(prefix, StringComparison.Ordinal)))
        {
            return true;
        }

        // useless and useful, homeless and home.
        if (!longer.EndsWith("less", StringComparison.Ordinal))
            return false;
        var stem = longer.AsSpan(0, longer.Length - "less".Length);
        return shorter.AsSpan().StartsWith(stem, StringComparison.Ordinal) && shorter.Length - stem.Length <= "ful".Length;
    }

    private static FrozenSet<string> ReadPairs()
    {
        const string name = "Caching/Questions/antonyms.txt";
        using var stream = typeof(Antonyms).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"No embedded file {name}.");
        using var reader = new StreamReader(stream);
        var pairs = new HashSet<string>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            if (line.Split(' ') is not [var left, var right] || line[0] == '#')
                continue;
            pairs.Add(line);
            pairs.Add($"{right} {left}");
        }

        return pairs.ToFrozenSet(StringComparer.Ordinal);
    }
}
