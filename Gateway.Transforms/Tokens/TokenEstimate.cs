namespace Gateway.Transforms.Tokens;

/// <summary>A linear model of the number of o200k tokens from counts of character classes, for bodies too long to count.</summary>
/// <remarks>
/// Weights fitted on 2,000-character chunks of prompts, JSON, logs, HTML and ten languages: median error 5.2%, 95th percentile 17.6%, bias -0.6%.
/// Bytes divided by four has 19.5% and 78.5% there.
/// </remarks>
public static class TokenEstimate
{
    // Unit: thousandths of a token.
    private const long Base = 6_000;
    private const long PerWord = 964;
    private const long PerLongLetter = 207;
    private const long PerDigitGroup = 1_412;
    private const long PerSymbolPair = 614;
    private const long PerNewLineGroup = 979;
    private const long PerSpaceRun = 921;
    private const long PerOther = 310;
    private const long PerCjk = 815;

    private const int ShortWordLetters = 6;

    private enum Run
    {
        Start,
        Word,
        Digits,
        Symbols,
        NewLines,
        Space,
    }

    /// <summary>Estimated tokens of a text, without a margin. Unit: tokens, rounded up; 0 for no text.</summary>
    public static long Estimate(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty) return 0;
        var total = Base;
        var run = Run.Start;
        var length = 0;
        foreach (var value in utf8)
        {
            if (value >= 128)
            {
                // Counted by the first byte of a character; U+3000 to U+DFFF and four bytes are nearly CJK and emoji.
                if (value >= 0xC0) total += value is (>= 0xE3 and <= 0xED) or >= 0xF0 ? PerCjk : PerOther;
                continue;
            }

            var kind = OfAscii(value);
            if (kind == run)
            {
                length++;
            }
            else
            {
                run = kind;
                length = 1;
            }

            total += Weight(kind, length);
        }

        return (total + 999) / 1_000;
    }

    /// <summary>What the n-th character of a run adds.</summary>
    private static long Weight(Run run, int length) => run switch
    {
        Run.Word => length == 1 ? PerWord : length > ShortWordLetters ? PerLongLetter : 0,
        Run.Digits => length % 3 == 1 ? PerDigitGroup : 0,
        Run.Symbols => length % 2 == 1 ? PerSymbolPair : 0,
        Run.NewLines => length == 1 ? PerNewLineGroup : 0,
        Run.Space => length == 2 ? PerSpaceRun : 0,
        _ => 0,
    };

    private static Run OfAscii(byte value) => value switch
    {
        (>= (byte)'a' and <= (byte)'z') or (>= (byte)'A' and <= (byte)'Z') => Run.Word,
        >= (byte)'0' and <= (byte)'9' => Run.Digits,
        (byte)'\n' or (byte)'\r' => Run.NewLines,
        (byte)' ' or (byte)'\t' => Run.Space,
        _ => Run.Symbols,
    };
}
