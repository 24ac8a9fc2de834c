using System.Buffers;
using System.Text;

namespace Gateway.Transforms.Bodies;

/// <summary>Raw JSON strings and numbers, read without a DOM. Inputs are token bytes that Utf8JsonReader has accepted.</summary>
internal static class JsonText
{
    private const int ExcerptBytes = 48;
    private const int EscapeLength = 6;

    /// <summary>True if a raw string (without quotes) holds a surrogate escape without its partner.</summary>
    public static bool HasLoneSurrogate(ReadOnlySpan<byte> raw)
    {
        while (true)
        {
            var backslash = raw.IndexOf((byte)'\\');
            if (backslash < 0)
            {
                return false;
            }

            raw = raw[backslash..];
            if (raw[1] != 'u')
            {
                raw = raw[2..];
                continue;
            }

            var unit = HexUnit(raw);
            var rest = raw[EscapeLength..];
            if (char.IsLowSurrogate(unit) || (char.IsHighSurrogate(unit) && !StartsWithLowSurrogate(rest)))
            {
                return true;
            }

            raw = char.IsHighSurrogate(unit) ? rest[EscapeLength..] : rest;
        }
    }

    /// <summary>Decodes a raw string (without quotes) and returns the bytes written, never more than it read.</summary>
    /// <remarks>A lone surrogate becomes U+FFFD: models emit them in streams, cut between two tokens.</remarks>
    public static int Unescape(ReadOnlySpan<byte> raw, Span<byte> output)
    {
        var written = 0;
        while (true)
        {
            var backslash = raw.IndexOf((byte)'\\');
            if (backslash < 0)
            {
                raw.CopyTo(output[written..]);
                return written + raw.Length;
            }

            raw[..backslash].CopyTo(output[written..]);
            written += backslash;
            raw = raw[backslash..];
            if (raw[1] != 'u')
            {
                output[written++] = SimpleEscape(raw[1]);
                raw = raw[2..];
                continue;
            }

            var unit = HexUnit(raw);
            raw = raw[EscapeLength..];
            var rune = Rune.ReplacementChar;
            if (char.IsHighSurrogate(unit) && StartsWithLowSurrogate(raw))
            {
                rune = new Rune(unit, HexUnit(raw));
                raw = raw[EscapeLength..];
            }
            else if (!char.IsSurrogate(unit))
            {
                rune = new Rune(unit);
            }

            written += rune.EncodeToUtf8(output[written..]);
        }
    }

    /// <summary>Appends a decoded string to a writer.</summary>
    public static void Append(IBufferWriter<byte> writer, ReadOnlySpan<byte> raw, bool escaped)
    {
        if (raw.IsEmpty)
        {
            return;
        }

        var output = writer.GetSpan(raw.Length);
        if (escaped)
        {
            writer.Advance(Unescape(raw, output));
            return;
        }

        raw.CopyTo(output);
        writer.Advance(raw.Length);
    }

    /// <summary>Reads a number that is spelled with digits only and fits a <see langword="long"/>.</summary>
    public static bool TryReadCount(ReadOnlySpan<byte> number, out long value)
    {
        value = 0;
        const int longestLong = 19;
        if (number.IsEmpty || number.Length > longestLong)
        {
            return false;
        }

        ulong sum = 0;
        foreach (var digit in number)
        {
            if (!char.IsAsciiDigit((char)digit))
            {
                return false;
            }

            sum = (sum * 10) + (ulong)(digit - '0');
        }

        value = unchecked((long)sum);
        return sum <= long.MaxValue;
    }

    /// <summary>The start of a value for an error message: printable ASCII only, so that it is safe in a log and a terminal.</summary>
    public static string Excerpt(ReadOnlySpan<byte> raw)
    {
        var length = Math.Min(raw.Length, ExcerptBytes);
        Span<char> text = stackalloc char[ExcerptBytes];
        for (var i = 0; i < length; i++)
        {
            text[i] = raw[i] is >= 0x20 and < 0x7F ? (char)raw[i] : '?';
        }

        return raw.Length > length ? string.Concat(text[..length], "...") : new string(text[..length]);
    }

    private static bool StartsWithLowSurrogate(ReadOnlySpan<byte> raw) =>
        raw.Length >= EscapeLength && raw[0] == '\\' && raw[1] == 'u' && char.IsLowSurrogate(HexUnit(raw));

    private static char HexUnit(ReadOnlySpan<byte> escape) =>
        (char)((Hex(escape[2]) << 12) | (Hex(escape[3]) << 8) | (Hex(escape[4]) << 4) | Hex(escape[5]));

    private static int Hex(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static byte SimpleEscape(byte escape) => escape switch
    {
        (byte)'n' => (byte)'\n',
        (byte)'t' => (byte)'\t',
        (byte)'r' => (byte)'\r',
        (byte)'b' => (byte)'\b',
        (byte)'f' => (byte)'\f',
        _ => escape,
    };
}
