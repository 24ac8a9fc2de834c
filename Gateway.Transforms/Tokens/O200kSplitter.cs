using System.Runtime.CompilerServices;

namespace Gateway.Transforms.Tokens;

/// <summary>The pattern of o200k_base, by hand over UTF-8. The alternatives are tried in the pattern's order.</summary>
/// <remarks>
/// <c>[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?</c>, the same with <c>+</c> and
/// <c>*</c> swapped, <c>\p{N}{1,3}</c>, <c> ?[^\s\p{L}\p{N}]+[\r\n/]*</c>, <c>\s*[\r\n]+</c>, <c>\s+(?!\S)</c>, <c>\s+</c>.
/// </remarks>
internal readonly struct O200kSplitter : IPieceSplitter
{
    private const CharacterClass InWord = CharacterClass.Head | CharacterClass.Tail;

    public static int End(ReadOnlySpan<byte> text, int start)
    {
        var kind = CharacterClasses.At(text, start, out var length);
        var afterFirst = start + length;
        var end = -1;
        if (SharedPieces.MayPrefixWord(kind))
        {
            // A mark may be the prefix or the first of the word, and the pattern prefers the prefix.
            var isMark = (kind & InWord) != CharacterClass.None;
            end = WordWithTail(text, afterFirst);
            if (end < 0 && isMark) end = WordWithTail(text, start);
            if (end < 0) end = WordOfHeads(text, afterFirst);
            if (end < 0 && isMark) end = WordOfHeads(text, start);
        }
        else if ((kind & InWord) != CharacterClass.None)
        {
            end = WordWithTail(text, start);
            if (end < 0) end = WordOfHeads(text, start);
        }
        else if ((kind & CharacterClass.Number) != CharacterClass.None)
        {
            return SharedPieces.Digits(text, afterFirst);
        }

        if (end >= 0) return end;
        var symbols = SharedPieces.Symbols(text, start);
        if (symbols < 0) return SharedPieces.Whitespace(text, start);
        while (symbols < text.Length && text[symbols] is (byte)'\r' or (byte)'\n' or (byte)'/') symbols++;
        return symbols;
    }

    /// <summary>[Head]*[Tail]+ with a contraction; -1 when it does not match.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WordWithTail(ReadOnlySpan<byte> text, int start)
    {
        int at = start, lastTailEnd = -1;
        while (at < text.Length)
        {
            var kind = CharacterClasses.At(text, at, out var length);
            if ((kind & CharacterClass.Head) == CharacterClass.None) break;
            at += length;
            if ((kind & CharacterClass.Tail) != CharacterClass.None) lastTailEnd = at;
        }

        var heads = at;
        while (at < text.Length)
        {
            if ((CharacterClasses.At(text, at, out var length) & CharacterClass.Tail) == CharacterClass.None) break;
            at += length;
        }

        if (at > heads) return SharedPieces.Contraction(text, at);
        // The greedy heads give back characters until one of them is a tail too.
        return lastTailEnd >= 0 ? SharedPieces.Contraction(text, lastTailEnd) : -1;
    }

    /// <summary>[Head]+[Tail]* with a contraction, where <see cref="WordWithTail"/> did not match, so that there is no tail.</summary>
    private static int WordOfHeads(ReadOnlySpan<byte> text, int start)
    {
        var at = start;
        while (at < text.Length)
        {
            if ((CharacterClasses.At(text, at, out var length) & CharacterClass.Head) == CharacterClass.None) break;
            at += length;
        }

        return at > start ? SharedPieces.Contraction(text, at) : -1;
    }
}
