using System.Buffers.Binary;
using System.Text;

namespace Gateway.Transforms.Caching;

/// <summary>A stored answer as one run of bytes, for stores outside of the process.</summary>
/// <remarks>Little-endian: version, flags, status, created (milliseconds), input tokens, output tokens, length of the model's name, the name, the body.</remarks>
public static class StoredReplyFormat
{
    /// <summary>Bytes beside the name and the body.</summary>
    public const int HeadLength = 1 + 1 + 2 + 8 + 8 + 8 + 2;

    private const byte Version = 1;
    private const byte StreamedFlag = 1;

    // Only answers that ended well are stored.
    private const ushort Status = 200;
    private const long LastInstant = 253_402_300_799_999;

    /// <summary>Writes an answer.</summary>
    public static byte[] Write(StoredReply reply)
    {
        var name = Encoding.UTF8.GetByteCount(reply.UpstreamModel);
        var bytes = new byte[HeadLength + name + reply.Body.Length];
        bytes[0] = Version;
        bytes[1] = reply.Streamed ? StreamedFlag : (byte)0;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2), Status);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(4), reply.CreatedAt.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(12), reply.InputTokens);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(20), reply.OutputTokens);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(28), checked((ushort)name));
        Encoding.UTF8.GetBytes(reply.UpstreamModel, bytes.AsSpan(HeadLength));
        reply.Body.Span.CopyTo(bytes.AsSpan(HeadLength + name));
        return bytes;
    }

    /// <summary>Reads an answer; <c>null</c> if the bytes are none of this version. The body is a part of <paramref name="bytes"/>.</summary>
    public static StoredReply? Read(ReadOnlyMemory<byte> bytes)
    {
        var head = bytes.Span;
        if (head.Length < HeadLength || head[0] != Version || BinaryPrimitives.ReadUInt16LittleEndian(head[2..]) != Status)
            return null;

        var created = BinaryPrimitives.ReadInt64LittleEndian(head[4..]);
        var input = BinaryPrimitives.ReadInt64LittleEndian(head[12..]);
        var output = BinaryPrimitives.ReadInt64LittleEndian(head[20..]);
        var name = BinaryPrimitives.ReadUInt16LittleEndian(head[28..]);
        if (created is < 0 or > LastInstant || input < 0 || output < 0 || head.Length < HeadLength + name)
            return null;

        return new StoredReply
        {
            Streamed = (head[1] & StreamedFlag) != 0,
            Body = bytes[(HeadLength + name)..],
            InputTokens = input,
            OutputTokens = output,
            UpstreamModel = Encoding.UTF8.GetString(head.Slice(HeadLength, name)),
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(created),
        };
    }
}
