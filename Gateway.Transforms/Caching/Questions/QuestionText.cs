namespace Gateway.Transforms.Caching.Questions;

/// <summary>A question, read: its words, and what must be the same in another for both to have one answer.</summary>
/// <remarks>Words are told apart by spaces, so text in scripts without them meets only questions that are equal but for spacing and the final mark.</remarks>
internal sealed class QuestionText
{
    private const string FinalMarks = " .?!";

    private QuestionText(string text)
    {
        var folded = TextFold.Fold(text);
        Words = Word.Split(folded);
        Canonical = folded.AsSpan().TrimEnd(FinalMarks).ToString().ToLowerInvariant();

        // White space that may be code's own is part of what is asked.
        Facts = GuardFacts.Of(HasLayout(text) ? text : folded, Words);
        Content = [.. Words.Where((word, place) => !word.IsLight || (place == Words.Count - 1 && word.IsArticle)).Select(static word => word.Lower)];
    }

    /// <summary>In one spelling: folded, lower case, one space between words, no final mark.</summary>
    public string Canonical { get; }

    /// <summary>In order.</summary>
    public IReadOnlyList<Word> Words { get; }

    /// <summary>The words that say something, in order, in lower case.</summary>
    public IReadOnlyList<string> Content { get; }

    /// <summary>Equal in questions that may have one answer: see <see cref="GuardFacts"/>.</summary>
    public string Facts { get; }

    /// <summary>Reads a question.</summary>
    public static QuestionText Read(string text) => new(text);

    /// <summary>Hashes a text the same way in every process of this version.</summary>
    public static ulong Hash(ReadOnlySpan<char> text)
    {
        const ulong prime = 0x9E3779B97F4A7C15;
        var hash = (ulong)text.Length * prime;
        foreach (var character in text)
            hash = (hash ^ character) * prime;
        return Mix(hash);
    }

    /// <summary>Spreads a number over all of its bits: SplitMix64's finish.</summary>
    public static ulong Mix(ulong number)
    {
        number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9;
        number = (number ^ (number >> 27)) * 0x94D049BB133111EB;
        return number ^ (number >> 31);
    }

    private static bool HasLayout(string text) =>
        text.Contains('\t', StringComparison.Ordinal) || text.Contains("\n ", StringComparison.Ordinal) || text.Contains('`', StringComparison.Ordinal)
        || (text.Contains("  ", StringComparison.Ordinal) && text.Contains('"', StringComparison.Ordinal));
}
