using System.Buffers.Binary;

namespace Gateway.Ledger.Spool;

/// <summary>What a running call has cost so far: seven longs.</summary>
internal static class CheckpointPayload
{
    public const int Bytes = 7 * sizeof(long);

    public static void Write(Span<byte> to, Credits cost, in Usage usage)
    {
        ReadOnlySpan<long> values =
        [
            cost.Nano, usage.InputTokens, usage.CachedInputTokens, usage.CacheWriteTokens, usage.OutputTokens, usage.ReasoningTokens, usage.Images,
        ];
        for (var i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(to[(i * sizeof(long))..], values[i]);
    }

    public static (Credits Cost, Usage Usage) Read(ReadOnlySpan<byte> from)
    {
        Span<long> values = stackalloc long[7];
        for (var i = 0; i < values.Length; i++)
            values[i] = BinaryPrimitives.ReadInt64LittleEndian(from[(i * sizeof(long))..]);
        return (new Credits(values[0]), new Usage(values[1], values[2], values[3], values[4], values[5], values[6]));
    }
}
