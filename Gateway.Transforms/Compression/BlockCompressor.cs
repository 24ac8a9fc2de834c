using System.Text.Unicode;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Tokens;

namespace Gateway.Transforms.Compression;

/// <summary>
/// Compresses one block: the decoded text of a system prompt or a tool's output. A pure function of the block, its role, the strength and the encoding
/// that tokens are counted in: no clock, no randomness, no culture, no other message, so that a block that was sent once is sent the same way again.
/// </summary>
/// <remarks>
/// Each round tries the strength that was asked for, then the milder ones, and takes the first whose result has fewer tokens and passes the checks;
/// rounds go on until nothing changes, so that compressing twice is compressing once. A block that does not come to rest within the rounds stays as it
/// was. Time is bounded by work, not by a clock, for a clock would make the result depend on the machine: each step is linear in the block, passes over
/// nested JSON and tables of lines are counted, and blocks above <see cref="MostBytes"/> are left alone.
/// </remarks>
public static class BlockCompressor
{
    /// <summary>Version of what this function does, for receipts: the same block may come out otherwise under another version.</summary>
    public const int CompressorVersion = 1;

    /// <summary>Largest block that is compressed. Unit: bytes.</summary>
    public const int MostBytes = 4 * 1_048_576;

    /// <summary>Smallest block of instructions that is compressed. Unit: bytes.</summary>
    public const int LeastSystemBytes = 256;

    /// <summary>Smallest tool output that is compressed. Unit: bytes.</summary>
    public const int LeastToolBytes = 512;

    private const int MostRounds = 4;

    /// <summary>Compresses a block and returns what stands for it: the block's own bytes where nothing is gained. Tokens are counted as o200k.</summary>
    public static byte[] Compress(ReadOnlySpan<byte> utf8, BlockRole role, Strength strength)
    {
        using var output = new PooledBuffer();
        var result = Compress(utf8, role, strength, BlockTokenCounts.For(TokenEncoding.O200k), output);
        return result.IsChanged ? output.WrittenSpan.ToArray() : utf8.ToArray();
    }

    /// <summary>Compresses a block into <paramref name="output"/>, which is empty if the block stays as it is.</summary>
    /// <param name="utf8">The block. One that is not UTF-8 stays.</param>
    /// <param name="role">Who wrote it.</param>
    /// <param name="strength">The strongest that may be used.</param>
    /// <param name="counts">Counts tokens.</param>
    /// <param name="output">Receives the result.</param>
    public static CompressedBlock Compress(ReadOnlySpan<byte> utf8, BlockRole role, Strength strength, BlockTokenCounts counts, PooledBuffer output)
    {
        output.Clear();
        if (strength == Strength.Off || utf8.Length > MostBytes || !Utf8.IsValid(utf8)) return default;
        using var first = new PooledBuffer(utf8.Length + 1);
        using var second = new PooledBuffer(utf8.Length + 1);
        var applied = Strength.Off;
        var before = 0;
        var after = 0;
        for (var round = 0; round < MostRounds; round++)
        {
            var block = applied == Strength.Off ? utf8 : output.WrittenSpan;
            var step = new CompressionRound(block, role, counts, first, second);
            if (!step.TryRun(strength))
            {
                return new CompressedBlock(applied, before, after);
            }

            if (applied == Strength.Off) before = step.TokensBefore;
            after = step.TokensAfter;
            applied = step.Applied > applied ? step.Applied : applied;
            output.Clear();
            output.Write(step.Result);
        }

        output.Clear();
        return default;
    }
}
