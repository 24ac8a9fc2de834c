using System.Globalization;
using System.Text;

namespace Gateway.Transforms.Tokens;

/// <summary>A JSON string where it stands in a body: the bytes between its quotes, which may hold escapes.</summary>
internal readonly ref struct JsonText(ReadOnlySpan<byte> raw, bool escaped)
{
    /// <summary>Bytes between the quotes. Never shorter than the text.</summary>
    public ReadOnlySpan<byte> Raw { get; } = raw;

    public bool IsEscaped { get; } = escaped;

    /// <summary>Writes the text without escapes and returns its length. A lone surrogate, which UTF-8 cannot say, becomes U+FFFD.</summary>
    /// <remarks>Utf8JsonReader.CopyString throws on a lone surrogate, which is valid JSON.</remarks>
    /// <param name="target">At least as long as <see cref="Raw"/>.</param>
    public int CopyTo(Span<byte> target)
    {
        var source = Raw;
        var written = 0;
        while (IsEscaped && source.IndexOf((byte)'\\') is var plain and >= 0 && plain + 1 < source.Length)
        {
            source[..plain].CopyTo(target[written..]);
            written += plain;
            if (source[plain + 1] == (byte)'u')
            {
                var rune = ReadEscapedRune(source[plain..], out var read);
                written += rune.EncodeToUtf8(target[written..]);
                source = source[(plain + read)..];
            }
            else
            {
                target[written++] = source[plain + 1] switch
                {
                    (byte)'n' => (byte)'\n',
                    (byte)'t' => (byte)'\t',
                    (byte)'r' => (byte)'\r',
                    (byte)'b' => (byte)'\b',
                    (byte)'f' => (byte)'\f',
                    var same => same,
                };
                source = source[(plain + 2)..];
            }
        }

        source.CopyTo(target[written..]);
        return written + source.Length;
    }

    private static Rune ReadEscapedRune(ReadOnlySpan<byte> source, out int read)
    {
        read = Math.Min(6, source.Length);
        if (!TryReadUnit(source, out var high)) return Rune.ReplacementChar;
        if (Rune.TryCreate(high, out var rune)) return rune;
        if (!TryReadUnit(source[read..], out var low) || !Rune.TryCreate(high, low, out rune)) return Rune.ReplacementChar;
        read = 12;
        return rune;
    }

    private static bool TryReadUnit(ReadOnlySpan<byte> source, out char unit)
    {
        unit = default;
        if (source.Length < 6 || !source.StartsWith("\\u"u8)) return false;
        var isHex = ushort.TryParse(source[2..6], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value);
        unit = (char)value;
        return isHex;
    }
}
