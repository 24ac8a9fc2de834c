using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Gateway.Ledger;

/// <summary>An exact amount of credits. Unit: nano-credits (10⁻⁹), signed.</summary>
/// <remarks>
/// A bucket holds at most <see cref="MaxPerBucket"/>, so that every amount is exact in the doubles of Lua and JSON (2⁵³ nano-credits).
/// JSON shows credits as decimals with up to nine places: <see cref="ToString"/>.
/// </remarks>
public readonly record struct Credits(long Nano) : IComparable<Credits>, IUtf8SpanFormattable
{
    /// <summary>The most characters that an amount needs: sign, ten digits, point, nine digits.</summary>
    public const int MaxCharacters = 21;

    private const int Decimals = 9;

    /// <summary>Nano-credits in one credit.</summary>
    public const long NanoPerCredit = 1_000_000_000;

    /// <summary>The most that one bucket may hold: four million credits.</summary>
    public static readonly Credits MaxPerBucket = new(4_000_000_000_000_000);

    /// <summary>No credits.</summary>
    public static readonly Credits Zero;

    /// <summary>The sum; overflow throws.</summary>
    public static Credits operator +(Credits left, Credits right) => new(checked(left.Nano + right.Nano));

    /// <summary>The difference; overflow throws.</summary>
    public static Credits operator -(Credits left, Credits right) => new(checked(left.Nano - right.Nano));

    /// <summary>The same amount with the other sign.</summary>
    public static Credits operator -(Credits value) => new(checked(-value.Nano));

    /// <summary>Whether the left amount is smaller.</summary>
    public static bool operator <(Credits left, Credits right) => left.Nano < right.Nano;

    /// <summary>Whether the left amount is larger.</summary>
    public static bool operator >(Credits left, Credits right) => left.Nano > right.Nano;

    /// <summary>Whether the left amount is smaller or equal.</summary>
    public static bool operator <=(Credits left, Credits right) => left.Nano <= right.Nano;

    /// <summary>Whether the left amount is larger or equal.</summary>
    public static bool operator >=(Credits left, Credits right) => left.Nano >= right.Nano;

    /// <summary>The smaller of two amounts.</summary>
    public static Credits Min(Credits left, Credits right) => left.Nano <= right.Nano ? left : right;

    /// <summary>The larger of two amounts.</summary>
    public static Credits Max(Credits left, Credits right) => left.Nano >= right.Nano ? left : right;

    /// <summary>Reads a decimal amount such as <c>10.5</c>. More than nine decimals that are not zero, or an amount beyond ±9.2 billion credits, is refused.</summary>
    public static bool TryFromDecimal(decimal value, [MaybeNullWhen(false)] out Credits credits)
    {
        credits = default;
        if (value is > 9_000_000_000m or < -9_000_000_000m)
            return false;

        var nano = value * NanoPerCredit;
        if (nano != decimal.Truncate(nano))
            return false;

        credits = new Credits((long)nano);
        return true;
    }

    /// <summary>The amount in credits, exact.</summary>
    public decimal ToDecimal() => (decimal)Nano / NanoPerCredit;

    /// <inheritdoc/>
    public int CompareTo(Credits other) => Nano.CompareTo(other.Nano);

    /// <summary>The shortest exact decimal, for example <c>0.0002744</c>.</summary>
    public override string ToString()
    {
        Span<byte> text = stackalloc byte[MaxCharacters];
        TryFormat(text, out var length, format: default, provider: null);
        return Encoding.ASCII.GetString(text[..length]);
    }

    /// <summary>Writes what <see cref="ToString"/> says. Every answer carries several amounts, and formatting a <c>decimal</c> takes ten times as long.</summary>
    public bool TryFormat(Span<byte> utf8Destination, out int bytesWritten, ReadOnlySpan<char> format, IFormatProvider? provider)
    {
        bytesWritten = 0;
        Span<byte> text = stackalloc byte[MaxCharacters];
        var at = 0;
        if (Nano < 0)
            text[at++] = (byte)'-';
        var magnitude = Nano < 0 ? 0 - unchecked((ulong)Nano) : (ulong)Nano;
        var (whole, fraction) = Math.DivRem(magnitude, (ulong)NanoPerCredit);
        Utf8Formatter.TryFormat(whole, text[at..], out var digits);
        at += digits;
        if (fraction != 0)
        {
            text[at++] = (byte)'.';
            Utf8Formatter.TryFormat(fraction, text[at..], out _, new StandardFormat('D', Decimals));
            at += text.Slice(at, Decimals).TrimEnd((byte)'0').Length;
        }

        if (!text[..at].TryCopyTo(utf8Destination))
            return false;
        bytesWritten = at;
        return true;
    }
}
