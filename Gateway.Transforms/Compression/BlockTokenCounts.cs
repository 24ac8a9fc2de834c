using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Gateway.Transforms.Tokens;

namespace Gateway.Transforms.Compression;

/// <summary>Exact token counts of blocks, remembered: a conversation sends its blocks again with every turn. Thread-safe, bounded.</summary>
/// <remarks>Keyed by SHA-256, so that a count is never another block's; one entry a slot, the newest wins. About 100 bytes an entry.</remarks>
public sealed class BlockTokenCounts
{
    /// <summary>Most blocks that are remembered, for each encoding.</summary>
    public const int MostBlocks = 8_192;

    private static readonly Lazy<BlockTokenCounts> O200k = new(static () => new(TokenCounter.For(TokenEncoding.O200k)));
    private static readonly Lazy<BlockTokenCounts> Cl100k = new(static () => new(TokenCounter.For(TokenEncoding.Cl100k)));

    private readonly TokenCounter _counter;
    private readonly Entry?[] _entries = new Entry?[MostBlocks];

    private BlockTokenCounts(TokenCounter counter) => _counter = counter;

    /// <summary>The counts of an encoding, shared by the whole process.</summary>
    public static BlockTokenCounts For(TokenEncoding encoding) => (encoding == TokenEncoding.O200k ? O200k : Cl100k).Value;

    /// <summary>Counts that remember nothing yet, for measurements.</summary>
    internal static BlockTokenCounts Empty(TokenEncoding encoding) => new(TokenCounter.For(encoding));

    /// <summary>Tokens of a block. Unit: tokens.</summary>
    public int Count(ReadOnlySpan<byte> block)
    {
        Span<ulong> hash = stackalloc ulong[4];
        SHA256.HashData(block, MemoryMarshal.AsBytes(hash));
        ref var slot = ref _entries[hash[0] % MostBlocks];
        if (Volatile.Read(ref slot) is { } known && known.A == hash[0] && known.B == hash[1] && known.C == hash[2] && known.D == hash[3]) return known.Tokens;
        var tokens = _counter.Count(block);
        Volatile.Write(ref slot, new Entry(hash[0], hash[1], hash[2], hash[3], tokens));
        return tokens;
    }

    private sealed record Entry(ulong A, ulong B, ulong C, ulong D, int Tokens);
}
