using System.Buffers.Binary;
using System.Text;

namespace Gateway.Ledger.Spool;

/// <summary>A whole <see cref="SettledCall"/>, so that a replay can record it without the front; and whether the answer was a stream.</summary>
internal static class SettlePayload
{
    /// <summary>The most that <see cref="Write"/> needs. Unit: bytes.</summary>
    public static int MaxBytes(SettledCall call)
    {
        var strings = call.Account.Length + call.Workspace.Length + call.KeyId.Length + (call.RunId?.Length ?? 0) + (call.MemberId?.Length ?? 0);
        foreach (var share in call.PaidBy)
            strings += share.Bucket.Length + 16;
        return 128 + 3 * strings + call.Receipt.Length;
    }

    /// <summary>Writes the call; returns the length.</summary>
    public static int Write(Span<byte> to, SettledCall call, bool streamed)
    {
        var writer = new Writer(to);
        writer.Byte((byte)((byte)call.Outcome | (streamed ? 0x80 : 0)));
        writer.Long(call.OccurredAt.UtcTicks);
        writer.Long(call.SettledAt.UtcTicks);
        writer.Long(call.Cost.Nano);
        writer.Long(call.Shortfall.Nano);
        writer.Text(call.Account);
        writer.Text(call.Workspace);
        writer.Text(call.KeyId);
        writer.Text(call.RunId);
        writer.Int(call.PaidBy.Count);
        foreach (var share in call.PaidBy)
        {
            writer.Text(share.Bucket);
            writer.Byte((byte)share.Kind);
            writer.Long(share.Amount.Nano);
            writer.Long(share.BalanceAfter.Nano);
        }

        writer.Int(call.Receipt.Length);
        writer.Bytes(call.Receipt.Span);
        writer.Text(call.MemberId);
        return writer.Length;
    }

    /// <summary>Reads a call back; it owns its memory.</summary>
    public static (SettledCall Call, bool Streamed) Read(ReceiptId id, ReadOnlySpan<byte> from)
    {
        var reader = new Reader(from);
        var head = reader.Byte();
        var occurred = new DateTimeOffset(reader.Long(), TimeSpan.Zero);
        var settled = new DateTimeOffset(reader.Long(), TimeSpan.Zero);
        var cost = new Credits(reader.Long());
        var shortfall = new Credits(reader.Long());
        var account = reader.Text() ?? "";
        var workspace = reader.Text() ?? "";
        var key = reader.Text() ?? "";
        var run = reader.Text();
        var shares = new BucketShare[reader.Int()];
        for (var i = 0; i < shares.Length; i++)
            shares[i] = new BucketShare(reader.Text() ?? "", (BucketKind)reader.Byte(), new Credits(reader.Long()), new Credits(reader.Long()));
        var receipt = reader.Bytes(reader.Int()).ToArray();
        var call = new SettledCall(id, account, workspace, key, run, occurred, settled, (Outcome)(head & 0x7F), cost, shortfall, shares, receipt)
        {
            // A gateway of an earlier version wrote no member.
            MemberId = reader.IsAtEnd ? null : reader.Text(),
        };
        return (call, (head & 0x80) != 0);
    }

    private ref struct Writer(Span<byte> to)
    {
        private readonly Span<byte> to = to;

        public int Length { get; private set; }

        public void Byte(byte value) => to[Length++] = value;

        public void Int(int value)
        {
            BinaryPrimitives.WriteInt32LittleEndian(to[Length..], value);
            Length += sizeof(int);
        }

        public void Long(long value)
        {
            BinaryPrimitives.WriteInt64LittleEndian(to[Length..], value);
            Length += sizeof(long);
        }

        // A length of -1: null.
        public void Text(string? value)
        {
            if (value is null)
            {
                Int(-1);
                return;
            }

            var bytes = Encoding.UTF8.GetBytes(value, to[(Length + sizeof(int))..]);
            Int(bytes);
            Length += bytes;
        }

        public void Bytes(ReadOnlySpan<byte> value)
        {
            value.CopyTo(to[Length..]);
            Length += value.Length;
        }
    }

    private ref struct Reader(ReadOnlySpan<byte> from)
    {
        private readonly ReadOnlySpan<byte> from = from;
        private int at;

        public readonly bool IsAtEnd => at >= from.Length;

        public byte Byte() => from[at++];

        public int Int() => BinaryPrimitives.ReadInt32LittleEndian(Bytes(sizeof(int)));

        public long Long() => BinaryPrimitives.ReadInt64LittleEndian(Bytes(sizeof(long)));

        public string? Text()
        {
            var length = Int();
            return length < 0 ? null : Encoding.UTF8.GetString(Bytes(length));
        }

        public ReadOnlySpan<byte> Bytes(int count)
        {
            var bytes = from.Slice(at, count);
            at += count;
            return bytes;
        }
    }
}
