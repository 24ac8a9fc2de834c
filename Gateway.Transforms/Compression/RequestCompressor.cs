using System.Security.Cryptography;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Tokens;

namespace Gateway.Transforms.Compression;

/// <summary>Compresses the texts of one request, each on its own, into edits of its body.</summary>
/// <param name="encoding">How tokens are counted.</param>
/// <param name="upstreamModel">Decides the provider's cache minimum.</param>
internal sealed class RequestCompressor(TokenEncoding encoding, string upstreamModel)
{
    /// <summary>
    /// Most text of one request that is looked at. Unit: bytes. At 30 MB/s it takes a quarter of a second. Counted from the start, so that a longer
    /// conversation leaves out the same texts of its beginning as a shorter one.
    /// </summary>
    public const int MostRequestBytes = 8 * 1_048_576;

    /// <summary>Most blocks whose hashes are listed.</summary>
    public const int MostHashes = 32;

    private readonly BlockTokenCounts _counts = BlockTokenCounts.For(encoding);

    /// <summary>True if a text is long enough to be compressed at all. Its literal is never shorter than the text.</summary>
    public static bool IsEligible(EditableText text) =>
        text.Value.Length - 2 >= (text.Role == BlockRole.System ? BlockCompressor.LeastSystemBytes : BlockCompressor.LeastToolBytes);

    /// <summary>Compresses what can be, and puts the edits into <paramref name="splice"/>.</summary>
    /// <param name="body">The body that the texts are parts of.</param>
    /// <param name="texts">From <see cref="EditableTexts"/>.</param>
    /// <param name="tools">The value of <c>tools</c>; may be empty.</param>
    /// <param name="strength">Light or stronger.</param>
    /// <param name="splice">Receives the edits.</param>
    public CompressedRequest Run(ReadOnlySpan<byte> body, IReadOnlyList<EditableText> texts, ReadOnlySpan<byte> tools, Strength strength, BodySplice splice)
    {
        var blocks = new List<ChangedBlock>();
        var left = MostRequestBytes;
        using var decoded = new PooledBuffer();
        using var output = new PooledBuffer();
        foreach (var text in texts)
        {
            left -= text.Value.Length;
            if (left < 0) break;
            if (!IsEligible(text)) continue;
            var block = Decode(text.Value.Of(body), decoded);
            var result = BlockCompressor.Compress(block, text.Role, strength, _counts, output);
            if (!result.IsChanged) continue;
            var hashes = blocks.Count < MostHashes ? new BlockHashes(Hash(block), Hash(output.WrittenSpan)) : null;
            blocks.Add(new ChangedBlock(text, JsonStringLiteral.Encode(output.WrittenSpan), result, hashes));
        }

        var keepsPrefix = FallsBelowCache(body, texts, tools, blocks, decoded);
        if (keepsPrefix) blocks.RemoveAll(static block => block.Text.IsPrefix);
        foreach (var block in blocks) splice.Add(block.Text.Value, block.Literal);
        return new CompressedRequest(
            blocks.Sum(static block => (long)block.Result.TokensBefore),
            blocks.Sum(static block => (long)block.Result.TokensAfter),
            blocks.Count,
            [.. blocks.Where(static block => block.Hashes is not null).Select(static block => block.Hashes!)],
            keepsPrefix,
            left < 0);
    }

    private static ReadOnlySpan<byte> Decode(ReadOnlySpan<byte> literal, PooledBuffer decoded)
    {
        var raw = literal[1..^1];
        if (!raw.Contains((byte)'\\')) return raw;
        decoded.Clear();
        Bodies.JsonText.Append(decoded, raw, escaped: true);
        return decoded.WrittenSpan;
    }

    private static string Hash(ReadOnlySpan<byte> block)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(block, hash);
        return Convert.ToHexStringLower(hash);
    }

    private bool FallsBelowCache(ReadOnlySpan<byte> body, IReadOnlyList<EditableText> texts, ReadOnlySpan<byte> tools, List<ChangedBlock> blocks, PooledBuffer decoded)
    {
        var saved = blocks.Where(static block => block.Text.IsPrefix).Sum(static block => (long)block.Result.TokensBefore - block.Result.TokensAfter);
        if (saved == 0) return false;
        var before = ChatTokens.CountPrompt([], tools, upstreamModel).Tokens;
        foreach (var text in texts)
        {
            if (text.IsPrefix) before += _counts.Count(Decode(text.Value.Of(body), decoded)) + ChatTokens.PerMessage;
        }

        return CacheMinimum.Falls(upstreamModel, before, before - saved);
    }

    private sealed record ChangedBlock(EditableText Text, byte[] Literal, CompressedBlock Result, BlockHashes? Hashes);
}

/// <summary>What became of a request.</summary>
/// <param name="TokensBefore">Of the changed blocks. Unit: tokens.</param>
/// <param name="TokensAfter">Of the same blocks.</param>
/// <param name="Blocks">Changed blocks.</param>
/// <param name="Hashes">Of the first of them.</param>
/// <param name="KeptPrefix">True if the instructions stayed as they are, for the provider would not have cached the shorter prefix.</param>
/// <param name="LeftOut">True if the request holds more text than is looked at.</param>
internal sealed record CompressedRequest(long TokensBefore, long TokensAfter, int Blocks, IReadOnlyList<BlockHashes> Hashes, bool KeptPrefix, bool LeftOut);

/// <summary>SHA-256 of a block before and after, for an audit. Lower-case hexadecimal.</summary>
public sealed record BlockHashes(string Before, string After);
