namespace Gateway.Transforms.Bodies;

/// <summary>Where something stands in a body. Unit: bytes from the start of the body; absent is <c>default</c>.</summary>
public readonly record struct ByteRange(int Offset, int Length)
{
    /// <summary>True if something stands there: no JSON value has length 0.</summary>
    public bool IsPresent => Length > 0;

    /// <summary>The first offset behind the range.</summary>
    public int End => Offset + Length;

    /// <summary>The bytes of the range in <paramref name="bytes"/>, which must be the body that was read.</summary>
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> bytes) => bytes.Slice(Offset, Length);

    internal static ByteRange Between(int start, int end) => new(start, end - start);
}
