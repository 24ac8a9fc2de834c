using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Gateway.Transforms.Tokens;

/// <summary>What the published patterns ask about a character.</summary>
[Flags]
internal enum CharacterClass : byte
{
    /// <summary>None of the others: punctuation, symbols, controls, and bytes that are not UTF-8.</summary>
    None = 0,

    /// <summary>[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]: may stand in the first half of an o200k word.</summary>
    Head = 1,

    /// <summary>[\p{Ll}\p{Lm}\p{Lo}\p{M}]: may stand in the second half of an o200k word.</summary>
    Tail = 2,

    /// <summary>\p{N}</summary>
    Number = 4,

    /// <summary>\s</summary>
    Space = 8,

    /// <summary>[\r\n]</summary>
    NewLine = 16,

    /// <summary>\p{L}: marks are in words of o200k but are not letters.</summary>
    Letter = 32,
}

/// <summary>Classes of the characters of UTF-8 text.</summary>
/// <remarks>
/// A table, because .NET's own <c>\s</c> and categories of a char do not cover what the Rust patterns mean: White_Space with U+0085, and letters
/// beyond the basic plane.
/// </remarks>
internal static class CharacterClasses
{
    private static readonly CharacterClass[] BasicPlane = BuildBasicPlane();

    /// <summary>Class of the character that starts at <paramref name="at"/>, and its length in bytes; a wrong byte sequence is None.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CharacterClass At(ReadOnlySpan<byte> text, int at, out int length)
    {
        var first = text[at];
        if (first >= 128) return Decode(text, at, out length);
        length = 1;
        return BasicPlane[first];
    }

    /// <summary>Class of the character that ends before <paramref name="end"/>.</summary>
    public static CharacterClass Before(ReadOnlySpan<byte> text, int end)
    {
        var status = Rune.DecodeLastFromUtf8(text[..end], out var rune, out _);
        return status == System.Buffers.OperationStatus.Done ? Of(rune) : CharacterClass.None;
    }

    private static CharacterClass Decode(ReadOnlySpan<byte> text, int at, out int length) =>
        Rune.DecodeFromUtf8(text[at..], out var rune, out length) == System.Buffers.OperationStatus.Done ? Of(rune) : CharacterClass.None;

    private static CharacterClass Of(Rune rune) =>
        rune.IsBmp ? BasicPlane[rune.Value] : Classify(rune.Value, Rune.GetUnicodeCategory(rune));

    private static CharacterClass[] BuildBasicPlane()
    {
        var classes = new CharacterClass[char.MaxValue + 1];
        for (var code = 0; code < classes.Length; code++) classes[code] = Classify(code, CharUnicodeInfo.GetUnicodeCategory((char)code));
        return classes;
    }

    private static CharacterClass Classify(int code, UnicodeCategory category) => category switch
    {
        _ when code is '\r' or '\n' => CharacterClass.Space | CharacterClass.NewLine,
        // White_Space of the Unicode character database, PropList.txt.
        _ when code is (>= 9 and <= 13) or 32 or 0x85 or 0xA0 or 0x1680 or (>= 0x2000 and <= 0x200A)
            or 0x2028 or 0x2029 or 0x202F or 0x205F or 0x3000 => CharacterClass.Space,
        UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter => CharacterClass.Head | CharacterClass.Letter,
        UnicodeCategory.LowercaseLetter => CharacterClass.Tail | CharacterClass.Letter,
        UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => CharacterClass.Head | CharacterClass.Tail | CharacterClass.Letter,
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark =>
            CharacterClass.Head | CharacterClass.Tail,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharacterClass.Number,
        _ => CharacterClass.None,
    };
}
