using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gateway.Benchmarks.Compression;

/// <summary>What is left of a block's content.</summary>
internal static partial class Retention
{
    private const string Needle = "ERROR payment 84211 failed: card declined by issuer 7731";
    private const int NeedlesPerBlock = 3;

    /// <summary>Distinct words, ids and numbers of a block, and how many of them stand in the other.</summary>
    public static (int All, int Kept) Values(byte[] before, byte[] after)
    {
        var kept = Words(after);
        var all = Words(before);
        return (all.Count, all.Count(kept.Contains));
    }

    /// <summary>Plants an error at places that a seed decides, and counts the compressed blocks that still hold it, word for word.</summary>
    public static (int All, int Kept) Needles(byte[] block, int seed, Func<byte[], byte[]> compress)
    {
        var random = new Random(seed);
        var kept = 0;
        for (var i = 0; i < NeedlesPerBlock; i++)
        {
            if (compress(Plant(block, random)).AsSpan().IndexOf(Encoding.UTF8.GetBytes(Needle)) >= 0) kept++;
        }

        return (NeedlesPerBlock, kept);
    }

    // In JSON it takes the place of a string value; in text it is a line of its own.
    private static byte[] Plant(byte[] block, Random random)
    {
        var places = IsJson(block) ? StringValues(block) : LineStarts(block);
        var (offset, length) = places[random.Next(places.Count)];
        var needle = Encoding.UTF8.GetBytes(length > 0 ? $"\"{Needle}\"" : $"{Needle}\n");
        return [.. block.AsSpan(0, offset), .. needle, .. block.AsSpan(offset + length)];
    }

    private static HashSet<string> Words(byte[] text) => [.. Word().EnumerateMatches(Encoding.UTF8.GetString(text)).ToStrings(Encoding.UTF8.GetString(text))];

    private static IEnumerable<string> ToStrings(this Regex.ValueMatchEnumerator matches, string text)
    {
        var words = new List<string>();
        foreach (var match in matches) words.Add(text.Substring(match.Index, match.Length));
        return words;
    }

    private static bool IsJson(byte[] block)
    {
        try
        {
            using var parsed = JsonDocument.Parse(block);
            return StringValues(block).Count > 0;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static List<(int Offset, int Length)> StringValues(byte[] json)
    {
        var places = new List<(int, int)>();
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
            if (reader.TokenType is JsonTokenType.String) places.Add(((int)reader.TokenStartIndex, reader.ValueSpan.Length + 2));
        return places;
    }

    private static bool IsInTag(ReadOnlySpan<byte> before)
    {
        var open = before.LastIndexOf((byte)'<');
        return open >= 0 && open > before.LastIndexOf((byte)'>') && open + 1 < before.Length && (before[open + 1] == (byte)'!' || char.IsAsciiLetter((char)before[open + 1]));
    }

    private static List<(int Offset, int Length)> LineStarts(byte[] text)
    {
        // Not inside of a tag that goes over several lines, where no program writes errors.
        var places = new List<(int, int)> { (0, 0) };
        for (var i = 0; i < text.Length; i++)
            if (text[i] == (byte)'\n' && !IsInTag(text.AsSpan(0, i))) places.Add((i + 1, 0));
        return places;
    }

    [GeneratedRegex(@"[\p{L}\p{N}_]+", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Word();
}
