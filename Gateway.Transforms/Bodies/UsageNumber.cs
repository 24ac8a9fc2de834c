using System.Text.Json;

namespace Gateway.Transforms.Bodies;

/// <summary>One number of a usage object, of whatever API. What is no count (text, negative, fraction, overflow) is <see cref="NoCount"/>, never 0: it must stay visible.</summary>
internal static class UsageNumber
{
    /// <summary>The upstream did not say.</summary>
    public const long Absent = long.MinValue;

    /// <summary>The upstream said something that is no count.</summary>
    public const long NoCount = -1;

    /// <summary>A number without which the usage says nothing.</summary>
    public static long Required(long value) => value is Absent ? NoCount : value;

    /// <summary>A number that is 0 where the upstream does not say it.</summary>
    public static long Optional(long value) => value is Absent ? 0 : value;

    /// <summary>Reads the value behind a name; false for null, which says nothing.</summary>
    public static bool TryRead(ref Utf8JsonReader reader, out long value)
    {
        value = NoCount;
        reader.Read();
        if (reader.TokenType is JsonTokenType.Null)
            return false;

        if (reader.TokenType is not JsonTokenType.Number || !JsonText.TryReadCount(reader.ValueSpan, out value))
            value = NoCount;
        reader.Skip();
        return true;
    }
}
