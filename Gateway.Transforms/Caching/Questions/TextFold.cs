using System.Text;

namespace Gateway.Transforms.Caching.Questions;

/// <summary>One spelling for characters that are typed in several ways.</summary>
/// <remarks>
/// Stands in for Unicode's NFKC, which .NET does not have in the invariant culture that the gateway runs in: full-width forms, spaces, ligatures, typographic
/// quotes, dashes and invisible characters. What it does not know stays as it is, and costs a hit at worst.
/// </remarks>
internal static class TextFold
{
    private const char FirstFullWidth = '\uFF01';
    private const char LastFullWidth = '\uFF5E';
    private const int ToAscii = FirstFullWidth - '!';

    /// <summary>Folds a text; runs of white space become one space, none at either end.</summary>
    public static string Fold(string text)
    {
        var folded = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            if (char.IsWhiteSpace(character))
            {
                if (folded.Length > 0 && folded[^1] != ' ')
                    folded.Append(' ');
            }
            else
            {
                Append(folded, character);
            }
        }

        return folded.ToString().TrimEnd(' ');
    }

    private static void Append(StringBuilder folded, char character)
    {
        switch (character)
        {
            case < '\u0080':
                folded.Append(character);
                break;
            case '\u200B' or '\u2060' or '\uFEFF' or '\u00AD':
                break;
            case '\u2018' or '\u2019' or '\u201B' or '\u02BC' or '\u00B4':
                folded.Append('\'');
                break;
            case '\u201C' or '\u201D' or '\u201E' or '\u201F' or '\u00AB' or '\u00BB':
                folded.Append('"');
                break;
            case >= '\u2010' and <= '\u2015' or '\u2212':
                folded.Append('-');
                break;
            case '\u2026':
                folded.Append("...");
                break;
            case '\uFB01':
                folded.Append("fi");
                break;
            case '\uFB02':
                folded.Append("fl");
                break;
            case '\u3002':
                folded.Append('.');
                break;
            case >= FirstFullWidth and <= LastFullWidth:
                folded.Append((char)(character - ToAscii));
                break;
            default:
                folded.Append(character);
                break;
        }
    }
}
