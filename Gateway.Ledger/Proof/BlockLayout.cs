using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.Ledger.Proof;

/// <summary>What a block says about a receipt. Amounts in nano-credits, times in Unix microseconds. Not <c>delivery</c>: a refund changes it, and is entries of a later block.</summary>
internal readonly record struct ReceiptLine(
    ReceiptId Id,
    string Account,
    string Workspace,
    string KeyId,
    string? RunId,
    long OccurredAt,
    long SettledAt,
    string Outcome,
    long Cost,
    long Shortfall,
    string Currency,
    IReadOnlyList<BucketShare> PaidBy,
    ReadOnlyMemory<byte> Body);

/// <summary>What a block says about an entry: all of it, except the row's number.</summary>
internal readonly record struct EntryLine(
    string Account, string Bucket, string Currency, long Version, string Reference, string Kind, long Amount, long Previous, long New, long OccurredAt);

/// <summary>What a block says about itself.</summary>
internal readonly record struct BlockHeader(long Id, string Chain, long Number, long At);

/// <summary>The bytes that a block's hash is made of.</summary>
/// <remarks>
/// hash = SHA-256(previous hash, 32 bytes, zeros in the first block ‖ header ‖ receipts ‖ entries); each kind's rows in the order of their bytes.
/// Integers are big-endian, 8 bytes where not said otherwise; text is its length in UTF-8 bytes (4 bytes, −1 for <c>null</c>) and those bytes.
/// <list type="bullet">
/// <item>header: layout (1 byte: 1), id, chain, number, at, how many receipts (4 bytes), how many entries (4 bytes)</item>
/// <item>receipt: id (16 bytes), account, workspace, key, run, occurred, settled, outcome, cost, shortfall, currency,
/// how many paid (4 bytes) and for each of them bucket, kind, amount, balance after; SHA-256 of the document's stored part (32 bytes)</item>
/// <item>entry: account, bucket, currency, version, reference, kind, amount, previous, new, occurred</item>
/// </list>
/// </remarks>
internal static class BlockLayout
{
    private const byte Version = 1;

    public static void Write(ArrayBufferWriter<byte> to, in BlockHeader header, int receipts, int entries)
    {
        to.Write([Version]);
        Write(to, header.Id);
        Write(to, header.Chain);
        Write(to, header.Number);
        Write(to, header.At);
        Write(to, receipts);
        Write(to, entries);
    }

    public static void Write(ArrayBufferWriter<byte> to, in ReceiptLine receipt)
    {
        receipt.Id.Value.TryWriteBytes(to.GetSpan(16), bigEndian: true, out _);
        to.Advance(16);
        Write(to, receipt.Account);
        Write(to, receipt.Workspace);
        Write(to, receipt.KeyId);
        Write(to, receipt.RunId);
        Write(to, receipt.OccurredAt);
        Write(to, receipt.SettledAt);
        Write(to, receipt.Outcome);
        Write(to, receipt.Cost);
        Write(to, receipt.Shortfall);
        Write(to, receipt.Currency);
        Write(to, receipt.PaidBy.Count);
        for (var i = 0; i < receipt.PaidBy.Count; i++)
        {
            var share = receipt.PaidBy[i];
            Write(to, share.Bucket);
            Write(to, LedgerNames.Of(share.Kind));
            Write(to, share.Amount.Nano);
            Write(to, share.BalanceAfter.Nano);
        }

        SHA256.HashData(receipt.Body.Span, to.GetSpan(SHA256.HashSizeInBytes));
        to.Advance(SHA256.HashSizeInBytes);
    }

    public static void Write(ArrayBufferWriter<byte> to, in EntryLine entry)
    {
        Write(to, entry.Account);
        Write(to, entry.Bucket);
        Write(to, entry.Currency);
        Write(to, entry.Version);
        Write(to, entry.Reference);
        Write(to, entry.Kind);
        Write(to, entry.Amount);
        Write(to, entry.Previous);
        Write(to, entry.New);
        Write(to, entry.OccurredAt);
    }

    internal static void Write(ArrayBufferWriter<byte> to, string? text)
    {
        if (text is null)
        {
            Write(to, -1);
            return;
        }

        Write(to, Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text.AsSpan(), to);
    }

    internal static void Write(ArrayBufferWriter<byte> to, long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(to.GetSpan(sizeof(long)), value);
        to.Advance(sizeof(long));
    }

    private static void Write(ArrayBufferWriter<byte> to, int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(to.GetSpan(sizeof(int)), value);
        to.Advance(sizeof(int));
    }
}
