using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Gateway.Ledger;

/// <summary>An exact amount of credits. Unit: nano-credits (10⁻⁹), signed.</summary>
/// <remarks>
/// A bucket holds at most <see cref="MaxPerBucket"/>, so that every amount is exact in the doubles of Lua and JSON (2⁵³ nano-credits).
/// JSON shows credits as decimals with up to nine places: <see cref="ToString"/>.
/// </remarks>
public readonly record struct Credits(long Nano) : IComparable<Credits>
{
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
    public override string ToString() => ToDecimal().ToString("0.#########", CultureInfo.InvariantCulture);
}
