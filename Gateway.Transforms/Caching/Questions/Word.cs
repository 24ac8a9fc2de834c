namespace Gateway.Transforms.Caching.Questions;

/// <summary>A word of a question.</summary>
/// <param name="Text">As it was typed; <c>+ # .</c> and other signs inside of it stay, so that C++ is not C.</param>
/// <param name="Lower">In lower case.</param>
/// <param name="BeginsSentence">Whether its capital may be the sentence's.</param>
internal readonly record struct Word(string Text, string Lower, bool BeginsSentence)
{
    private const string Separators = " ,;!?()[]{}\"`";
    private const string Trimmed = ".:'*_";

    /// <summary>Whether it adds nothing to a question. The letter A is no article.</summary>
    public bool IsLight => WordLists.Light.Contains(Lower) && (BeginsSentence || string.Equals(Text, Lower, StringComparison.Ordinal));

    /// <summary>Whether it may be one. At the end of a question it is a letter: "vitamin a".</summary>
    public bool IsArticle => Lower is "a" or "an" or "the";

    /// <summary>Parts a folded text into words.</summary>
    public static List<Word> Split(string text)
    {
        var words = new List<Word>(32);
        var begins = true;
        var start = 0;
        for (var i = 0; i <= text.Length; i++)
        {
            var isEnd = i == text.Length || Separators.Contains(text[i], StringComparison.Ordinal);
            if (!isEnd)
                continue;

            if (i > start)
                begins = Add(words, text.AsSpan(start, i - start), begins);
            begins |= i < text.Length && text[i] is '!' or '?' or '"' or '(';
            start = i + 1;
        }

        return words;
    }

    // Returns whether the next word begins a sentence.
    private static bool Add(List<Word> words, ReadOnlySpan<char> raw, bool begins)
    {
        var ends = raw[^1] is '.' or ':';
        var word = raw.TrimEnd(Trimmed).TrimStart(":'*_");

        // ".NET" keeps its point; "...so" does not.
        if (word.Length > 1 && word[0] == '.' && !char.IsLetter(word[1]))
            word = word.TrimStart('.');
        if (word.IsEmpty)
            return begins | ends;

        var text = word.ToString();
        words.Add(new Word(text, text.ToLowerInvariant(), begins));
        return ends;
    }
}
