using System.Buffers.Text;
using System.Text.Json;

namespace Gateway.Ledger;

/// <summary>Writes a scaled integer as the shortest exact JSON decimal: 1,400,000 at scale 6 is <c>1.4</c>.</summary>
internal static class ExactDecimal
{
    /// <summary>Nano-credits to credits.</summary>
    public const int NanoScale = 9;

    /// <summary>Pico-credits to credits.</summary>
    public const int PicoScale = 12;

    /// <summary>Pico-credits each to credits for a million.</summary>
    public const int PicoPerMillionScale = 6;

    /// <summary>Milliseconds to seconds.</summary>
    public const int MilliScale = 3;

    // An Int128 has at most 39 digits; the sign and "0." come before them.
    private const int MaxLength = 48;

    /// <summary>A JSON number, in a property.</summary>
    public static void Write(Utf8JsonWriter json, JsonEncodedText name, Int128 value, int scale)
    {
        Span<byte> text = stackalloc byte[MaxLength];
        json.WritePropertyName(name);
        json.WriteRawValue(text[..Format(value, scale, text)], skipInputValidation: true);
    }

    /// <summary>The text's length in <paramref name="destination"/>.</summary>
    public static int Format(Int128 value, int scale, Span<byte> destination)
    {
        var length = 0;
        if (value < 0)
        {
            destination[length++] = (byte)'-';
            value = -value;
        }

        Span<byte> digits = stackalloc byte[MaxLength];
        var count = Digits(value, digits);
        var whole = count - scale;
        if (whole <= 0)
        {
            destination[length++] = (byte)'0';
        }
        else
        {
            digits[..whole].CopyTo(destination[length..]);
            length += whole;
        }

        var significant = digits[..count].TrimEnd((byte)'0').Length;
        if (significant <= Math.Max(whole, 0))
            return length;

        destination[length++] = (byte)'.';
        for (; whole < 0; whole++)
            destination[length++] = (byte)'0';
        digits[whole..significant].CopyTo(destination[length..]);
        return length + significant - whole;
    }

    private static int Digits(Int128 value, Span<byte> destination)
    {
        if (value <= long.MaxValue)
        {
            Utf8Formatter.TryFormat((long)value, destination, out var written);
            return written;
        }

        ((UInt128)value).TryFormat(destination, out var count, default, provider: null);
        return count;
    }
}
