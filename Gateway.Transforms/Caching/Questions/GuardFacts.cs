using System.Text;

namespace Gateway.Transforms.Caching.Questions;

/// <summary>What two questions must have in common exactly, as one text that can be compared, whatever their likeness is.</summary>
/// <remarks>
/// Digits and numbers in words; negations; names (capitals inside of a sentence), quoted texts, code, addresses and other words with signs or digits; signs that
/// stand alone; the question words and whether yes or no is asked for; the scripts. A text with a layout of its own is a fact as a whole.
/// </remarks>
internal static class GuardFacts
{
    private const string MeaningfulSigns = "+-*/=<>%^&|~$€£¥#@\\°";

    /// <summary>The facts of a question.</summary>
    /// <param name="text">Folded, or as it came if its white space means something.</param>
    /// <param name="words">Its words.</param>
    public static string Of(string text, IReadOnlyList<Word> words)
    {
        var facts = new List<string>(16);
        var negations = 0;
        var form = new StringBuilder();
        var isFirst = true;
        foreach (var word in words)
        {
            AddDigits(facts, word.Text);
            if (WordLists.Numbers.Contains(word.Lower))
                facts.Add("w:" + word.Lower);
            if (IsNegation(word.Lower))
                negations++;
            if (IsLiteral(word))
                facts.Add("l:" + word.Text);
            if (WordLists.QuestionWords.Contains(word.Lower))
                form.Append(word.Lower).Append(' ');
            if (isFirst && WordLists.Auxiliaries.Contains(word.Lower))
                form.Append("yes/no ");
            isFirst &= word.IsLight;
        }

        AddQuoted(facts, text);
        AddSigns(facts, text);
        if (text.AsSpan().ContainsAny('\t', '\n'))
            facts.Add("t:" + text);
        facts.Sort(StringComparer.Ordinal);
        return $"{string.Join('\n', facts)}\n!{negations}\n?{form}\n{Scripts.In(text)}";
    }

    private static bool IsNegation(string word) => word.EndsWith("n't", StringComparison.Ordinal) || WordLists.Negations.Contains(word);

    private static void AddDigits(List<string> facts, string word)
    {
        for (var i = 0; i < word.Length; i++)
        {
            if (!char.IsDigit(word[i]))
                continue;

            var start = i;
            while (i < word.Length && (char.IsDigit(word[i]) || word[i] == '.'))
                i++;
            facts.Add("d:" + word[start..i].TrimEnd('.'));
        }
    }

    // A name, or a word that is no plain word: C++, .NET, node.js, iPhone, a path, an address, an identifier.
    private static bool IsLiteral(Word word)
    {
        var text = word.Text;
        if (text is "I" || text.StartsWith("I'", StringComparison.Ordinal))
            return false;
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsUpper(text[i]) && (i > 0 || !word.BeginsSentence))
                return true;
            if (!char.IsLetter(text[i]) && text[i] is not ('\'' or '-') && !char.IsHighSurrogate(text[i]) && !char.IsLowSurrogate(text[i]) && text.Length > 1)
                return true;
        }

        return false;
    }

    private static void AddQuoted(List<string> facts, string text)
    {
        foreach (var mark in "\"`")
        {
            var at = text.IndexOf(mark, StringComparison.Ordinal);
            while (at >= 0 && text.IndexOf(mark, at + 1) is var end and >= 0)
            {
                facts.Add($"q:{text.AsSpan((at + 1)..end)}");
                at = text.IndexOf(mark, end + 1);
            }
        }
    }

    private static void AddSigns(List<string> facts, string text)
    {
        foreach (var character in text)
        {
            if (MeaningfulSigns.Contains(character, StringComparison.Ordinal) || (char.IsSymbol(character) && character != '`') || char.IsSurrogate(character))
                facts.Add($"s:{(int)character:x4}");
        }
    }
}
