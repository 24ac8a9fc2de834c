namespace Gateway.Transforms.Compression;

/// <summary>The time that a log line starts with.</summary>
/// <param name="Date">Length of the date in front, an opening bracket included; 0 if there is none or it stands for itself. Unit: bytes.</param>
/// <param name="Length">Length of the whole stamp; 0 if the line has none. Unit: bytes.</param>
internal readonly record struct Timestamp(int Date, int Length)
{
    private const int LongestWord = 3;
    private const int CompactDate = 6;

    /// <summary>Reads <c>2015-10-18[T ]18:01:47,978</c>, <c>Dec 10 06:55:46</c>, <c>Sun Dec 04 04:47:44 2005</c>, <c>081109 203615</c>, <c>18:01:47</c>, with or without brackets.</summary>
    public static Timestamp Read(ReadOnlySpan<byte> line)
    {
        var start = line.StartsWith("["u8) ? 1 : 0;
        // The mark that LogFolder leaves for the date of the line above.
        var date = line.StartsWith("\" "u8) ? 1 : DateLength(line[start..]);
        if (date < 0) return default;
        var at = date == 0 ? start : start + date + 1;
        if (date > 0 && (at >= line.Length || line[at - 1] is not ((byte)' ' or (byte)'T'))) return default;
        var time = TimeLength(line[at..], allowsCompact: date == CompactDate);
        if (time == 0) return default;
        var end = at + time;
        if (start == 1)
        {
            var close = line[end..].IndexOf((byte)']');
            if (close is < 0 or > 12) return default;
            end += close + 1;
        }

        return new Timestamp(line[0] == (byte)'"' ? 0 : date == 0 ? 0 : start + date, end);
    }

    private static int DateLength(ReadOnlySpan<byte> text)
    {
        if (text.Length >= 10 && Digits(text) == 4 && text[4] is (byte)'-' or (byte)'/' or (byte)'.' && Digits(text[5..]) == 2 && text[7] == text[4] && Digits(text[8..]) == 2) return 10;
        var digits = Digits(text);
        if (digits == CompactDate) return CompactDate;
        if (digits > 0) return 0;
        // "Dec 10", "Dec  1", "Sun Dec 04".
        var at = 0;
        for (var word = 0; word < 2; word++)
        {
            if (!IsName(text[at..])) break;
            at += LongestWord;
            while (at < text.Length && text[at] == (byte)' ') at++;
        }

        if (at == 0) return -1;
        var day = Digits(text[at..]);
        return day is 1 or 2 ? at + day : -1;
    }

    private static int TimeLength(ReadOnlySpan<byte> text, bool allowsCompact)
    {
        var digits = Digits(text);
        if (allowsCompact && digits == 6) return 6;
        if (digits is not (1 or 2) || text.Length < digits + 6 || text[digits] != (byte)':' || Digits(text[(digits + 1)..]) != 2 || text[digits + 3] != (byte)':'
            || Digits(text[(digits + 4)..]) != 2)
        {
            return 0;
        }

        var at = digits + 6;
        if (at < text.Length && text[at] is (byte)'.' or (byte)',') at += 1 + Digits(text[(at + 1)..]);
        if (at < text.Length && text[at] == (byte)'Z') at++;
        else if (at + 5 < text.Length && text[at] is (byte)'+' or (byte)'-' && Digits(text[(at + 1)..]) is 2 or 4) at += text[at + 3] == (byte)':' ? 6 : 5;
        return Math.Min(at, text.Length);
    }

    private static bool IsName(ReadOnlySpan<byte> text) =>
        text.Length > LongestWord && text[0] is >= (byte)'A' and <= (byte)'Z' && text[1] is >= (byte)'a' and <= (byte)'z' && text[2] is >= (byte)'a' and <= (byte)'z'
        && text[LongestWord] == (byte)' ';

    private static int Digits(ReadOnlySpan<byte> text)
    {
        var count = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return count < 0 ? text.Length : count;
    }
}
