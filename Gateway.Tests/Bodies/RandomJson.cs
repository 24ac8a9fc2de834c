using System.Text;

namespace Gateway.Tests.Bodies;

/// <summary>Random JSON in odd spellings, the same for the same seed.</summary>
internal sealed class RandomJson(int seed)
{
    private static readonly string[] Numbers = ["0", "-0", "1", "1.0", "1e3", "1E-7", "123456789012345678901234567890", "-1.5e+300", "5", "2147483647"];
    private static readonly string[] Pieces =
        ["a", "Z", "é", "😀", "漢", "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\u00e9", "\\uD83D\\uDE00", " ", "{", "}", "[", "]", ",", ":", "\u2028", "\u007f"];

    public Random Random { get; } = new(seed);

    public string Space() => Random.Next(4) switch
    {
        0 => string.Concat(Enumerable.Range(0, Random.Next(4)).Select(_ => " \t\r\n"[Random.Next(4)].ToString())),
        _ => "",
    };

    public string Text(int pieces = 8) =>
        "\"" + string.Concat(Enumerable.Range(0, Random.Next(pieces)).Select(_ => Pieces[Random.Next(Pieces.Length)])) + "\"";

    public string Value(int depth = 3) => Random.Next(depth > 0 ? 8 : 5) switch
    {
        0 => "null",
        1 => "true",
        2 => "false",
        3 => Numbers[Random.Next(Numbers.Length)],
        4 => Text(),
        5 or 6 => Object(Enumerable.Range(0, Random.Next(4)).Select(i => ($"k{i}{(Random.Next(2) == 0 ? "é" : "\\t")}", Value(depth - 1)))),
        _ => "[" + string.Join(',', Enumerable.Range(0, Random.Next(4)).Select(_ => Space() + Value(depth - 1) + Space())) + Space() + "]",
    };

    /// <summary>An object with its members in random order; some letters of the names are escaped.</summary>
    public string Object(IEnumerable<(string Name, string Value)> members)
    {
        var shuffled = members.ToArray();
        Random.Shuffle(shuffled);
        return "{" + Space()
            + string.Join(',', shuffled.Select(member => $"{Space()}\"{Spell(member.Name)}\"{Space()}:{Space()}{member.Value}{Space()}"))
            + "}";
    }

    private string Spell(string name)
    {
        if (Random.Next(6) != 0 || name.Contains('\\', StringComparison.Ordinal))
        {
            return name;
        }

        var letter = Random.Next(name.Length);
        var spelled = new StringBuilder(name[..letter]);
        return spelled.Append("\\u").Append(((int)name[letter]).ToString("x4")).Append(name[(letter + 1)..]).ToString();
    }
}
