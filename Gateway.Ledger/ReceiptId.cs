namespace Gateway.Ledger;

/// <summary>The id of one call and of its receipt: a UUIDv7 behind <c>ul_</c>, so that it sorts by time and stays unique forever.</summary>
public readonly record struct ReceiptId(Guid Value)
{
    private const string Prefix = "ul_";
    private const long MaxMilliseconds = 253_402_300_799_999;

    /// <summary>The moment that the id was made for, in whole milliseconds; for an id that is no UUIDv7, some moment.</summary>
    public DateTimeOffset CreatedAt
    {
        get
        {
            Span<byte> bytes = stackalloc byte[16];
            Value.TryWriteBytes(bytes, bigEndian: true, out _);
            var milliseconds = 0L;
            foreach (var part in bytes[..6])
                milliseconds = (milliseconds << 8) | part;
            return DateTimeOffset.FromUnixTimeMilliseconds(Math.Min(milliseconds, MaxMilliseconds));
        }
    }

    /// <summary>A new id for the given moment.</summary>
    public static ReceiptId Create(DateTimeOffset at) => new(Guid.CreateVersion7(at));

    /// <summary>Reads <c>ul_</c> and 32 hexadecimal digits; anything else is refused.</summary>
    public static bool TryParse(string? text, out ReceiptId id)
    {
        id = default;
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal) || !Guid.TryParseExact(text.AsSpan(Prefix.Length), "N", out var value))
            return false;

        id = new ReceiptId(value);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(Prefix.Length + 32, Value, static (text, value) =>
    {
        Prefix.CopyTo(text);
        value.TryFormat(text[Prefix.Length..], out _, "N");
    });
}
