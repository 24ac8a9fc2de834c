using System.Text.RegularExpressions;

namespace Gateway.Tests.Deploy;

/// <summary>Finds the series and labels that a PromQL text names. It knows as much of the language as the committed queries use.</summary>
internal static partial class PromQuery
{
    private static readonly HashSet<string> Words =
        ["and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring", "group_left", "group_right", "inf", "nan"];

    /// <summary>The names of series.</summary>
    public static IEnumerable<string> Series(string query)
    {
        var bare = Grouping().Replace(Range().Replace(Selector().Replace(Quoted().Replace(query, "\"\""), ""), ""), " ");
        return Name().Matches(bare).Where(static match => !match.Groups["call"].Success).Select(static match => match.Groups["name"].Value)
            .Where(static name => !Words.Contains(name)).Distinct(StringComparer.Ordinal);
    }

    /// <summary>The names of labels, in selectors and in groupings.</summary>
    public static IEnumerable<string> Labels(string query)
    {
        var bare = Quoted().Replace(query, "\"\"");
        var matched = Selector().Matches(bare).SelectMany(static match => Label().Matches(match.Value).Select(static label => label.Groups["name"].Value));
        var grouped = Grouping().Matches(bare).SelectMany(static match => match.Groups["labels"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        return matched.Concat(grouped).Distinct(StringComparer.Ordinal);
    }

    [GeneratedRegex("\"[^\"]*\"", RegexOptions.None, 1000)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\{[^}]*\}", RegexOptions.None, 1000)]
    private static partial Regex Selector();

    [GeneratedRegex(@"\[[^\]]*\]", RegexOptions.None, 1000)]
    private static partial Regex Range();

    [GeneratedRegex(@"\b(?:by|without|on|ignoring|group_left|group_right)\s*\((?<labels>[^)]*)\)", RegexOptions.None, 1000)]
    private static partial Regex Grouping();

    [GeneratedRegex(@"(?<![\w:.$])(?<name>[a-zA-Z_:][\w:]*)(?<call>\s*\()?", RegexOptions.None, 1000)]
    private static partial Regex Name();

    [GeneratedRegex(@"(?<name>[a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)", RegexOptions.None, 1000)]
    private static partial Regex Label();
}
