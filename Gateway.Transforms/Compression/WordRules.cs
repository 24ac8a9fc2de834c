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

    // A word starts behind a blank or a bracket.
    private static readonly SearchValues<byte> Stops = SearchValues.Create([.. " (*`\"'<{["u8, 0xE2, 0xC2]);
    private static readonly SearchValues<byte> Firsts = SearchValues.Create("aAtTvVrRqQsSbBeElLhHuUwW"u8);

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
        var boldEnd = -1;
        var sentence = default(ConstrainedSentence);
        var copied = DropWords(line, 0, 0, ref sentence, output);
        var at = copied;
        while (line[at..].IndexOfAny(Stops) is var skipped and >= 0)
        {
            at += skipped;
            if (line[at] == (byte)'*')
            {
                if (at != boldEnd && !BoldText.Opens(line, at, out boldEnd))
                {
                    at += line[at..].IndexOfAnyExcept((byte)'*') is var stars and > 0 ? stars : line.Length - at;
                    continue;
                }

                output.Write(line[copied..at]);
                at += 2;
                copied = DropWords(line, at, at, ref sentence, output);
            }
            else if (line[at] is (byte)' ' or (byte)'(')
            {
                at++;
                copied = DropWords(line, at, copied, ref sentence, output);
            }
            else
            {
                at = Math.Max(ProtectedSpan.End(line, at), at + 1);
            }

            at = Math.Max(at, copied);
        }

        output.Write(line[copied..]);
    }

    // Drops the words from a word's start on, as long as there are any to drop; returns up to where the line is then dealt with.
    private static int DropWords(ReadOnlySpan<byte> line, int at, int copied, ref ConstrainedSentence sentence, PooledBuffer output)
    {
        while (at < line.Length && Firsts.Contains(line[at]) && DroppedLength(line, at, ref sentence) is var length and > 0)
        {
            output.Write(line[copied..at]);
            var isCapital = line[at] is >= (byte)'A' and <= (byte)'Z';
            copied = at += length;
            if (!isCapital) continue;
            output.Write([(byte)(line[at] - 0x20)]);
            copied = ++at;
        }

        return copied;
    }

    // Length of the word and the blank behind it, or 0 if the word stays. What follows starts with a lower-case letter.
    private static int DroppedLength(ReadOnlySpan<byte> line, int at, ref ConstrainedSentence sentence)
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
        if (IsIntensifier(word)) return sentence.Holds(line, at) ? 0 : blank + 1;
        return at > 1 && line[at - 2] is >= (byte)'a' and <= (byte)'z' && RelativeLength(rest) is var length and > 0 && !sentence.Holds(line, at) ? length : 0;
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
}
