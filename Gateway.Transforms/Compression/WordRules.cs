using System.Buffers;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Compression;

/// <summary>
/// Aggressive, for prose: drops articles before a lower-case word, a dozen words that only add weight, "that is" and "which are" behind a word, and
/// the stars of bold text. A sentence with a word such as "not" or "must" loses articles and stars only.
/// </summary>
internal static class WordRules
{
    private const int LongestDropped = 9;

    private static readonly SearchValues<byte> Firsts = SearchValues.Create([.. "aAtTvVrRqQsSbBeEldwW*"u8, .. "`\"'<{["u8, 0xE2, 0xC2]);

    /// <summary>Appends the text without them, outside of code, tables, quotations and placeholders.</summary>
    public static void Write(ReadOnlySpan<byte> text, PooledBuffer output)
    {
        var fence = default(Fence);
        var lines = new LineReader(text);
        while (lines.Read())
        {
            if (fence.Covers(lines.Line) || !Codelike.IsProse(lines.Line)) output.Write(lines.Whole);
            else WriteLine(lines.Whole, output);
        }
    }

    private static void WriteLine(ReadOnlySpan<byte> line, PooledBuffer output)
    {
        var copied = 0;
        var at = 0;
        var boldEnd = -1;
        while (line[at..].IndexOfAny(Firsts) is var skipped and >= 0)
        {
            at += skipped;
            if (line[at] == (byte)'*')
            {
                if (at == boldEnd || BoldText.Opens(line, at, out boldEnd))
                {
                    output.Write(line[copied..at]);
                    copied = at + 2;
                }

                at += line[at..].IndexOfAnyExcept((byte)'*') is var stars and > 0 ? stars : line.Length - at;
            }
            else if (ProtectedSpan.Starts.Contains(line[at]) && ProtectedSpan.End(line, at) is var end && end > at)
            {
                at = end;
            }
            else if (IsWordStart(line, at, copied) && DroppedLength(line, at) is var length and > 0)
            {
                output.Write(line[copied..at]);
                copied = at + length;
                if (line[at] is >= (byte)'A' and <= (byte)'Z') output.Write([(byte)(line[copied++] - 0x20)]);
                at = copied;
            }
            else
            {
                at++;
            }
        }

        output.Write(line[copied..]);
    }

    private static bool IsWordStart(ReadOnlySpan<byte> line, int at, int copied) =>
        at == 0 || line[at - 1] is (byte)' ' or (byte)'(' || (at == copied && line[at - 1] == (byte)'*');

    // Length of the word and the blank behind it, or 0 if the word stays. What follows starts with a lower-case letter.
    private static int DroppedLength(ReadOnlySpan<byte> line, int at)
    {
        var rest = line[at..];
        var blank = rest[..Math.Min(rest.Length, LongestDropped + 1)].IndexOf((byte)' ');
        if (blank <= 0 || blank + 1 >= rest.Length || rest[blank + 1] is not (>= (byte)'a' and <= (byte)'z')) return 0;
        Span<byte> word = stackalloc byte[blank];
        rest[..blank].CopyTo(word);
        // A capital stands at the start of a sentence; "Plan A is" names a plan.
        if (word[0] is >= (byte)'A' and <= (byte)'Z' && (word.Length == 1 || !StartsSentence(line, at))) return 0;
        word[0] |= 0x20;
        if (IsArticle(word)) return blank + 1;
        if (IsIntensifier(word)) return ConstraintWords.Mark(Sentence(line, at)) ? 0 : blank + 1;
        return at > 1 && line[at - 2] is >= (byte)'a' and <= (byte)'z' && RelativeLength(rest) is var length and > 0 && !ConstraintWords.Mark(Sentence(line, at)) ? length : 0;
    }

    private static bool StartsSentence(ReadOnlySpan<byte> line, int at)
    {
        var before = line[..at].TrimEnd((byte)' ');
        return before.IsEmpty || before[^1] is (byte)'.' or (byte)'!' or (byte)'?' or (byte)':' or (byte)'-' or (byte)'*' or (byte)'#';
    }

    private static bool IsArticle(ReadOnlySpan<byte> word) => word.SequenceEqual("the"u8) || word.SequenceEqual("a"u8) || word.SequenceEqual("an"u8);

    private static bool IsIntensifier(ReadOnlySpan<byte> word) => word.Length switch
    {
        4 => word.SequenceEqual("very"u8),
        5 => word.SequenceEqual("quite"u8) || word.SequenceEqual("truly"u8),
        6 => word.SequenceEqual("really"u8) || word.SequenceEqual("simply"u8) || word.SequenceEqual("highly"u8),
        7 => word.SequenceEqual("totally"u8) || word.SequenceEqual("utterly"u8),
        8 => word.SequenceEqual("actually"u8),
        9 => word.SequenceEqual("basically"u8) || word.SequenceEqual("extremely"u8) || word.SequenceEqual("literally"u8),
        _ => false,
    };

    // Length of "that is " and its like, where a lower-case word follows.
    private static int RelativeLength(ReadOnlySpan<byte> rest) =>
        (rest.StartsWith("that is "u8) || rest.StartsWith("that are "u8) || rest.StartsWith("which is "u8) || rest.StartsWith("which are "u8))
        && rest[(rest.IndexOf((byte)' ') + 1)..] is var verb && verb.IndexOf((byte)' ') is var end && end + 1 < verb.Length && verb[end + 1] is >= (byte)'a' and <= (byte)'z'
            ? rest.Length - verb.Length + end + 1
            : 0;

    private static ReadOnlySpan<byte> Sentence(ReadOnlySpan<byte> line, int at)
    {
        var start = line[..at].LastIndexOfAny((byte)'.', (byte)'!', (byte)'?') + 1;
        var length = line[at..].IndexOfAny((byte)'.', (byte)'!', (byte)'?');
        return length < 0 ? line[start..] : line[start..(at + length)];
    }
}
