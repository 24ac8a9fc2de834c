using System.Globalization;
using System.Text.Json;

namespace Gateway.Ledger.Proof;

/// <summary>Goes along the chains, block after block, and computes each block's hash again from its rows.</summary>
/// <param name="keys">Verify the signatures; <c>null</c>: signatures are not looked at.</param>
internal sealed class ChainWalk(ReceiptKeys? keys)
{
    private readonly Dictionary<string, ChainTail> tails = new(StringComparer.Ordinal);
    private readonly BlockBuilder rows = new();

    /// <summary>Where each chain has been walked to.</summary>
    public IReadOnlyDictionary<string, ChainTail> Tails => tails;

    /// <summary>Begins a chain in its middle.</summary>
    public void StartAfter(ChainTail tail) => tails[tail.Chain] = tail;

    /// <summary>What is wrong with the block; <c>null</c>: nothing. The walk goes on from what the block itself says, so that one wrong block is one difference.</summary>
    public string? Check(FilledBlock filled)
    {
        var block = filled.Block;
        var difference = Link(block) ?? Content(filled) ?? Signature(block);
        tails[block.Chain] = new ChainTail { Chain = block.Chain, Number = block.Number, Hash = block.Hash, At = block.At };
        return difference;
    }

    private string? Link(BlockRow block)
    {
        var tail = tails.GetValueOrDefault(block.Chain);
        var expected = (tail?.Number ?? 0) + 1;
        if (block.Number != expected)
            return $"block {block.Id} is number {block.Number} of chain {block.Chain}, where number {expected} follows";
        if (!block.Previous.AsSpan().SequenceEqual(tail?.Hash ?? BlockBuilder.NoPrevious))
            return $"block {block.Id} ({Place(block)}) does not continue the block before it: its previous hash is another one";
        if (block.At < tail?.At)
            return $"block {block.Id} ({Place(block)}) is older than the block before it";
        return null;
    }

    private string? Content(FilledBlock filled)
    {
        var block = filled.Block;
        rows.Clear();
        try
        {
            foreach (var receipt in filled.Receipts)
                rows.Add(receipt.ToLine());
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            return $"block {block.Id} ({Place(block)}) has a receipt whose payers cannot be read: {exception.Message}";
        }

        foreach (var entry in filled.Entries)
            rows.Add(entry.ToLine());
        if (rows.Rows != block.Rows)
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"block {block.Id} ({Place(block)}) was written with {block.Rows} rows, and has {filled.Receipts.Count} receipts and {filled.Entries.Count} entries");
        }

        var hash = rows.Hash(block.Header, block.Previous);
        return hash.AsSpan().SequenceEqual(block.Hash)
            ? null
            : $"block {block.Id} ({Place(block)}) has the hash {Convert.ToHexStringLower(block.Hash)}, its rows ({Names(filled)}) have {Convert.ToHexStringLower(hash)}";
    }

    private string? Signature(BlockRow block) =>
        Signatures.Check(keys, block.KeyId, block.Hash, block.Signature) is { } mistake ? $"block {block.Id} ({Place(block)}) {mistake}" : null;

    private static string Place(BlockRow block) => string.Create(CultureInfo.InvariantCulture, $"number {block.Number} of chain {block.Chain}");

    // A block may have thousands of rows: the first receipt or entry and their number are enough to find it.
    private static string Names(FilledBlock filled)
    {
        var first = filled.Receipts.Count > 0
            ? $"receipt {filled.Receipts[0].ReceiptId}"
            : filled.Entries.Count > 0 ? $"an entry of {filled.Entries[0].Reference}" : "none";
        var others = filled.Receipts.Count + filled.Entries.Count - 1;
        return others > 0 ? string.Create(CultureInfo.InvariantCulture, $"{first} and {others} more") : first;
    }
}

/// <summary>Says what is wrong with a signature over a hash.</summary>
internal static class Signatures
{
    /// <summary>The rest of a sentence; <c>null</c>: nothing is wrong, or there are no keys to verify with.</summary>
    public static string? Check(ReceiptKeys? keys, string? keyId, byte[] hash, byte[]? signature)
    {
        if (keys is null)
            return null;
        if (keyId is null || signature is null)
            return "is not signed";
        return keys.Verify(keyId, hash, signature) switch
        {
            null => $"is signed with the key {keyId}, which comes from no configured master key: is one missing in Gateway__PreviousMasterKeys?",
            false => "has a signature that is not of its hash",
            true => null,
        };
    }
}
