namespace Gateway.Transforms.Tokens;

/// <summary>Cuts text into the pieces that an encoding's published pattern matches; merges never cross a piece.</summary>
internal interface IPieceSplitter
{
    /// <summary>End of the piece that starts at <paramref name="start"/>; always beyond it. Both in bytes.</summary>
    static abstract int End(ReadOnlySpan<byte> text, int start);
}

/// <summary>The alternatives that both encodings' patterns share.</summary>
internal static class SharedPieces
{
    private const CharacterClass NotSymbol = CharacterClass.Space | CharacterClass.Letter | CharacterClass.Number;

    /// <summary>[^\r\n\p{L}\p{N}]: what one character before a word may be.</summary>
    public static bool MayPrefixWord(CharacterClass kind) =>
        (kind & (CharacterClass.Letter | CharacterClass.Number | CharacterClass.NewLine)) == CharacterClass.None;

    /// <summary>(?i:'s|'t|'re|'ve|'m|'ll|'d): end of the contraction at <paramref name="at"/>, or <paramref name="at"/> when there is none.</summary>
    public static int Contraction(ReadOnlySpan<byte> text, int at)
    {
        if (at + 1 >= text.Length || text[at] != (byte)'\'') return at;
        var first = text[at + 1] | 0x20;
        if (first is 's' or 'd' or 'm' or 't') return at + 2;
        if (at + 2 >= text.Length) return at;
        // U+017F, the long s, is an s to a pattern that ignores case.
        if (text[at + 1] == 0xC5 && text[at + 2] == 0xBF) return at + 3;
        var second = text[at + 2] | 0x20;
        return (first, second) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? at + 3 : at;
    }

    /// <summary>\p{N}{1,3}, of which the first character is read already and ends at <paramref name="at"/>.</summary>
    public static int Digits(ReadOnlySpan<byte> text, int at)
    {
        for (var digits = 1; digits < 3 && at < text.Length; digits++)
        {
            if ((CharacterClasses.At(text, at, out var length) & CharacterClass.Number) == CharacterClass.None) break;
            at += length;
        }

        return at;
    }

    /// <summary>" ?[^\s\p{L}\p{N}]+": end of the symbols, or -1 when there is none. Newlines after them are the caller's.</summary>
    public static int Symbols(ReadOnlySpan<byte> text, int start)
    {
        var at = text[start] == (byte)' ' ? start + 1 : start;
        var first = at;
        while (at < text.Length)
        {
            if ((CharacterClasses.At(text, at, out var length) & NotSymbol) != CharacterClass.None) break;
            at += length;
        }

        return at > first ? at : -1;
    }

    /// <summary>\s*[\r\n]+|\s+(?!\S)|\s+: through the last newline of the run; else all of it but the last, which belongs to what follows.</summary>
    public static int Whitespace(ReadOnlySpan<byte> text, int start)
    {
        int at = start, last = start, newLineEnd = -1;
        while (at < text.Length)
        {
            var kind = CharacterClasses.At(text, at, out var length);
            if ((kind & CharacterClass.Space) == CharacterClass.None) break;
            last = at;
            at += length;
            if ((kind & CharacterClass.NewLine) != CharacterClass.None) newLineEnd = at;
        }

        if (newLineEnd >= 0) return newLineEnd;
        return at == text.Length || last == start ? at : last;
    }
}
