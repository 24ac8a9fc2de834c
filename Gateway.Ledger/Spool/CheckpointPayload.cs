using System.Buffers.Binary;

namespace Gateway.Ledger.Spool;

/// <summary>What a running call has cost so far: nine longs. A gateway of an earlier version wrote the first seven, and reads no more than those.</summary>
internal static class CheckpointPayload
{
    public const int Bytes = 9 * sizeof(long);

    private const int EarlierBytes = 7 * sizeof(long);

    public static void Write(Span<byte> to, Credits cost, in Usage usage)
    {
        ReadOnlySpan<long> values =
        [
            cost.Nano, usage.InputTokens, usage.CachedInputTokens, usage.CacheWriteTokens, usage.OutputTokens, usage.ReasoningTokens, usage.Images,
            usage.AudioMilliseconds, usage.Characters,
        ];
        for (var i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(to[(i * sizeof(long))..], values[i]);
    }

    public static (Credits Cost, Usage Usage) Read(ReadOnlySpan<byte> from)
    {
        Span<long> values = stackalloc long[Bytes / sizeof(long)];
        values.Clear();
        var written = (from.Length < Bytes ? EarlierBytes : Bytes) / sizeof(long);
        for (var i = 0; i < written; i++)
            values[i] = BinaryPrimitives.ReadInt64LittleEndian(from[(i * sizeof(long))..]);
        return (new Credits(values[0]), new Usage(values[1], values[2], values[3], values[4], values[5], values[6], values[7], values[8]));
    }
}
