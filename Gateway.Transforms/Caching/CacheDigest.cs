using System.Buffers.Binary;
using System.Globalization;

namespace Gateway.Transforms.Caching;

/// <summary>32 bytes of SHA-256 that name a cached answer or a partition of questions. In text: 64 lower-case hexadecimal digits.</summary>
public readonly record struct CacheDigest(ulong A, ulong B, ulong C, ulong D)
{
    /// <summary>Length. Unit: bytes.</summary>
    public const int Size = 32;

    private const int Digits = 16;

    /// <summary>Reads the digest's <see cref="Size"/> bytes.</summary>
    public static CacheDigest Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt64BigEndian(bytes),
        BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
        BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]),
        BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]));

    /// <summary>Reads the text form, as a receipt carries it; false if it is none.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out CacheDigest digest)
    {
        digest = default;
        if (text.Length != 4 * Digits || !TryPart(text, out var a) || !TryPart(text[Digits..], out var b)
            || !TryPart(text[(2 * Digits)..], out var c) || !TryPart(text[(3 * Digits)..], out var d))
        {
            return false;
        }

        digest = new CacheDigest(a, b, c, d);
        return true;
    }

    /// <summary>Writes the digest's <see cref="Size"/> bytes.</summary>
    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, A);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], B);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[16..], C);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[24..], D);
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(4 * Digits, this, static (text, digest) =>
    {
        digest.A.TryFormat(text, out _, "x16");
        digest.B.TryFormat(text[Digits..], out _, "x16");
        digest.C.TryFormat(text[(2 * Digits)..], out _, "x16");
        digest.D.TryFormat(text[(3 * Digits)..], out _, "x16");
    });

    private static bool TryPart(ReadOnlySpan<char> text, out ulong part) =>
        ulong.TryParse(text[..Digits], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out part);
}
