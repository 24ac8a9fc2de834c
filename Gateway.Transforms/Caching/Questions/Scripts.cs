namespace Gateway.Transforms.Caching.Questions;

/// <summary>The scripts that a text is written in: what the gateway knows of its language.</summary>
internal static class Scripts
{
    private static readonly (char First, char Last, char Script)[] Ranges =
    [
        ('A', '\u024F', 'L'), ('\u0370', '\u03FF', 'G'), ('\u0400', '\u052F', 'C'), ('\u0530', '\u058F', 'r'), ('\u0590', '\u05FF', 'H'), ('\u0600', '\u06FF', 'A'),
        ('\u0750', '\u077F', 'A'), ('\u0900', '\u097F', 'D'), ('\u0980', '\u09FF', 'B'), ('\u0B80', '\u0BFF', 'T'), ('\u0E00', '\u0E7F', 't'), ('\u10A0', '\u10FF', 'g'),
        ('\u1100', '\u11FF', 'K'), ('\u1E00', '\u1EFF', 'L'), ('\u1F00', '\u1FFF', 'G'), ('\u3040', '\u30FF', 'J'), ('\u3400', '\u9FFF', 'Z'), ('\uAC00', '\uD7AF', 'K'),
    ];

    /// <summary>One letter for each script that has a letter in the text, sorted.</summary>
    public static string In(string text)
    {
        var found = new SortedSet<char>();
        foreach (var character in text)
        {
            if (char.IsLetter(character))
                found.Add(Of(character));
        }

        return string.Concat(found);
    }

    private static char Of(char letter)
    {
        foreach (var (first, last, script) in Ranges)
        {
            if (letter >= first && letter <= last)
                return script;
        }

        return '?';
    }
}
