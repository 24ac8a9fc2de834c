using System.Buffers;
using System.Text;

namespace Gateway.Transforms.Compression;

/// <summary>Words that forbid, demand, except or warn. A sentence with one of them loses nothing but articles.</summary>
internal static class ConstraintWords
{
    private const int Longest = 9;

    private static readonly SearchValues<byte> Firsts = SearchValues.Create("nmofesauecwrNMOFESAUECWR"u8);

    /// <summary>True if the word, letters only and in any case, is one of them.</summary>
    public static bool Holds(ReadOnlySpan<byte> word)
    {
        // Most words end here: few of their first letters begin one of these.
        if (word.Length is < 2 or > Longest || !Firsts.Contains(word[0])) return false;
        return word.Length switch
        {
            2 => Is(word, "no"u8),
            3 => Is(word, "not"u8) || Is(word, "nor"u8),
            4 => Is(word, "must"u8) || Is(word, "only"u8) || Is(word, "none"u8) || Is(word, "fail"u8),
            5 => Is(word, "never"u8) || Is(word, "error"u8) || Is(word, "fails"u8) || Is(word, "shall"u8) || Is(word, "avoid"u8),
            6 => Is(word, "unless"u8) || Is(word, "except"u8) || Is(word, "cannot"u8) || Is(word, "always"u8) || Is(word, "errors"u8) || Is(word, "failed"u8),
            7 => Is(word, "without"u8) || Is(word, "warning"u8) || Is(word, "nothing"u8) || Is(word, "neither"u8),
            8 => Is(word, "required"u8) || Is(word, "warnings"u8),
            _ => Is(word, "forbidden"u8),
        };
    }

    /// <summary>True if one of them, or a verb with "n't", stands in the sentence.</summary>
    public static bool Mark(ReadOnlySpan<byte> sentence)
    {
        if (sentence.IndexOf("n't"u8) >= 0 || sentence.IndexOf("n’t"u8) >= 0 || sentence.IndexOf("N'T"u8) >= 0) return true;
        var start = 0;
        for (var i = 0; i <= sentence.Length; i++)
        {
            if (i < sentence.Length && (uint)((sentence[i] | 0x20) - 'a') < 26) continue;
            if (i > start && Holds(sentence[start..i])) return true;
            start = i + 1;
        }

        return false;
    }

    private static bool Is(ReadOnlySpan<byte> word, ReadOnlySpan<byte> lower) => Ascii.EqualsIgnoreCase(word, lower);
}
