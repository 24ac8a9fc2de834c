using System.Buffers.Binary;
using System.Text;

namespace Gateway.Transforms.Caching.Questions;

/// <summary>A question whose answer is stored.</summary>
/// <param name="Answer">Names the answer.</param>
/// <param name="Text">The question. Up to 4 KiB.</param>
/// <param name="ExpiresAt">When the answer is forgotten.</param>
/// <param name="EmbeddingModel">Whose <paramref name="Vector"/> it is; empty: none.</param>
/// <param name="Vector">The question's embedding; <c>null</c>: none.</param>
public sealed record StoredQuestion(CacheDigest Answer, string Text, DateTimeOffset ExpiresAt, string EmbeddingModel, QuantisedVector? Vector)
{
    private const int HeadLength = CacheDigest.Size + sizeof(long) + (3 * sizeof(ushort));

    /// <summary>Memory of an entry of the index beside its text and vector, as measured. Unit: bytes.</summary>
    internal const int Overhead = 1500;

    /// <summary>About what it takes in memory. Unit: bytes.</summary>
    public int Size => Overhead + (Text.Length * sizeof(char)) + (Vector?.Values.Length ?? 0);

    /// <summary>Writes the form for stores outside of the process.</summary>
    public byte[] ToBytes()
    {
        var values = Vector is null ? [] : Vector.Values;
        var text = Encoding.UTF8.GetByteCount(Text);
        var model = Encoding.UTF8.GetByteCount(EmbeddingModel);
        var bytes = new byte[HeadLength + text + model + values.Length];
        var rest = bytes.AsSpan();
        Answer.Write(rest);
        BinaryPrimitives.WriteInt64LittleEndian(rest[CacheDigest.Size..], ExpiresAt.ToUnixTimeMilliseconds());
        var lengths = rest[(CacheDigest.Size + sizeof(long))..];
        BinaryPrimitives.WriteUInt16LittleEndian(lengths, checked((ushort)text));
        BinaryPrimitives.WriteUInt16LittleEndian(lengths[sizeof(ushort)..], checked((ushort)model));
        BinaryPrimitives.WriteUInt16LittleEndian(lengths[(2 * sizeof(ushort))..], checked((ushort)values.Length));
        Encoding.UTF8.GetBytes(Text, rest[HeadLength..]);
        Encoding.UTF8.GetBytes(EmbeddingModel, rest[(HeadLength + text)..]);
        System.Runtime.InteropServices.MemoryMarshal.AsBytes(values).CopyTo(rest[(HeadLength + text + model)..]);
        return bytes;
    }

    /// <summary>Reads that form; <c>null</c> if it is another.</summary>
    public static StoredQuestion? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeadLength)
            return null;

        var lengths = bytes[(CacheDigest.Size + sizeof(long))..];
        var text = BinaryPrimitives.ReadUInt16LittleEndian(lengths);
        var model = BinaryPrimitives.ReadUInt16LittleEndian(lengths[sizeof(ushort)..]);
        var vector = BinaryPrimitives.ReadUInt16LittleEndian(lengths[(2 * sizeof(ushort))..]);
        if (bytes.Length != HeadLength + text + model + vector)
            return null;
        var rest = bytes[HeadLength..];
        var expiry = BinaryPrimitives.ReadInt64LittleEndian(bytes[CacheDigest.Size..]);
        return expiry is < 0 or > 253402300799999 ? null : new StoredQuestion(
            CacheDigest.Read(bytes), Encoding.UTF8.GetString(rest[..text]), DateTimeOffset.FromUnixTimeMilliseconds(expiry),
            Encoding.UTF8.GetString(rest.Slice(text, model)), QuantisedVector.Read(rest[(text + model)..]));
    }
}
