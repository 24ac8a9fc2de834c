using System.Buffers;
using System.Security.Cryptography;

namespace Gateway.Ledger.Proof;

/// <summary>Collects the rows of one block and makes its hash; used again for the next one. Bounded by what one transaction writes.</summary>
internal sealed class BlockBuilder
{
    /// <summary>What the first block of a chain has for its previous hash.</summary>
    public static readonly byte[] NoPrevious = new byte[SHA256.HashSizeInBytes];

    private readonly ArrayBufferWriter<byte> bytes = new(64 * 1024);
    private readonly ArrayBufferWriter<byte> headerBytes = new(128);
    private readonly List<(int Start, int Length)> receipts = [];
    private readonly List<(int Start, int Length)> entries = [];

    /// <summary>Receipts and entries.</summary>
    public int Rows => receipts.Count + entries.Count;

    public void Clear()
    {
        bytes.ResetWrittenCount();
        receipts.Clear();
        entries.Clear();
    }

    public void Add(in ReceiptLine receipt)
    {
        var start = bytes.WrittenCount;
        BlockLayout.Write(bytes, receipt);
        receipts.Add((start, bytes.WrittenCount - start));
    }

    public void Add(in EntryLine entry)
    {
        var start = bytes.WrittenCount;
        BlockLayout.Write(bytes, entry);
        entries.Add((start, bytes.WrittenCount - start));
    }

    /// <summary>The hash of what was added, in whatever order it was.</summary>
    public byte[] Hash(in BlockHeader header, ReadOnlySpan<byte> previous)
    {
        headerBytes.ResetWrittenCount();
        BlockLayout.Write(headerBytes, header, receipts.Count, entries.Count);
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(previous);
        sha.AppendData(headerBytes.WrittenSpan);
        Append(sha, receipts);
        Append(sha, entries);
        return sha.GetHashAndReset();
    }

    private void Append(IncrementalHash sha, List<(int Start, int Length)> rows)
    {
        rows.Sort((left, right) => Row(left).SequenceCompareTo(Row(right)));
        foreach (var row in rows)
            sha.AppendData(Row(row));
    }

    private ReadOnlySpan<byte> Row((int Start, int Length) row) => bytes.WrittenSpan.Slice(row.Start, row.Length);
}
