namespace Gateway.Transforms.Tokens;

/// <summary>The pattern of cl100k_base, by hand over UTF-8. The alternatives are tried in the pattern's order.</summary>
/// <remarks>
/// <c>'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s</c>
/// </remarks>
internal readonly struct Cl100kSplitter : IPieceSplitter
{
    public static int End(ReadOnlySpan<byte> text, int start)
    {
        var contraction = SharedPieces.Contraction(text, start);
        if (contraction > start) return contraction;

        var kind = CharacterClasses.At(text, start, out var length);
        var afterFirst = start + length;
        if ((kind & CharacterClass.Letter) != CharacterClass.None) return Letters(text, afterFirst);
        if ((kind & CharacterClass.Number) != CharacterClass.None) return SharedPieces.Digits(text, afterFirst);
        if (SharedPieces.MayPrefixWord(kind))
        {
            var letters = Letters(text, afterFirst);
            if (letters > afterFirst) return letters;
        }

        var symbols = SharedPieces.Symbols(text, start);
        if (symbols < 0) return SharedPieces.Whitespace(text, start);
        while (symbols < text.Length && text[symbols] is (byte)'\r' or (byte)'\n') symbols++;
        return symbols;
    }

    private static int Letters(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length)
        {
            if ((CharacterClasses.At(text, at, out var length) & CharacterClass.Letter) == CharacterClass.None) break;
            at += length;
        }

        return at;
    }
}
