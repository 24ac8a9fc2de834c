namespace Gateway.Transforms.Tokens;

/// <summary>Finds where text splits whatever follows, so that a stream can be counted in parts.</summary>
/// <remarks>
/// The patterns look ahead without a bound only inside runs of one kind, and never back. Between two characters of the kinds below, both encodings
/// always start a piece, and no piece before depends on anything after.
/// </remarks>
internal static class CertainCut
{
    /// <summary>Longest UTF-8 character. Unit: bytes.</summary>
    private const int LongestCharacter = 4;

    private const CharacterClass LetterOrNumber = CharacterClass.Letter | CharacterClass.Number;
    private const CharacterClass InWord = CharacterClass.Head | CharacterClass.Tail;

    /// <summary>The last certain cut, in bytes, or 0 when there is none.</summary>
    public static int Last(ReadOnlySpan<byte> text)
    {
        // The last character may be incomplete, and then its class is not known yet.
        for (var at = text.Length - LongestCharacter; at > 0; at--)
        {
            if ((text[at] & 0xC0) == 0x80) continue;
            if (IsCut(CharacterClasses.Before(text, at), CharacterClasses.At(text, at, out _), text[at])) return at;
        }

        return 0;
    }

    private static bool IsCut(CharacterClass before, CharacterClass after, byte first)
    {
        if (Has(before, LetterOrNumber))
        {
            // A letter and a mark are one word to o200k, and 's may be a contraction.
            if (!Has(after, LetterOrNumber | InWord)) return first != (byte)'\'';
            return Has(before, CharacterClass.Letter) ? Has(after, CharacterClass.Number) : Has(after, CharacterClass.Letter);
        }

        if (Has(before, CharacterClass.NewLine)) return Has(after, LetterOrNumber);
        // A newline belongs to the symbols before it, a space to what comes after it.
        return !Has(before, CharacterClass.Space) && Has(after, CharacterClass.Space) && !Has(after, CharacterClass.NewLine);
    }

    private static bool Has(CharacterClass kind, CharacterClass any) => (kind & any) != CharacterClass.None;
}
