using Dapper;
using Gateway.Ledger.Proof;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger.Book.Sqlite;

/// <summary>The block of the transaction in hand: opened by the first row that asks for its id, written and signed at the end.</summary>
/// <param name="connection">The writer's connection.</param>
/// <param name="chain">The chain's name: the gateway that writes.</param>
/// <param name="keys">Signs; <c>null</c>: the block stays unsigned.</param>
/// <param name="time">The block's clock. Where it goes back, the block keeps its predecessor's time.</param>
internal sealed class SqliteBlocks(SqliteConnection connection, string chain, ReceiptKeys? keys, TimeProvider time)
{
    private static readonly string Tail = EmbeddedText.Read("Book/Sqlite/block_tail.sql");
    private static readonly string Insert = EmbeddedText.Read("Book/Sqlite/block_insert.sql");

    private readonly BlockBuilder rows = new();
    private SqliteTransaction? transaction;
    private TailRow? tail;

    /// <summary>The id of the block that is being filled.</summary>
    public long Id => (tail ??= connection.QuerySingle<TailRow>(Tail, new { chain }, transaction)).LastId + 1;

    /// <summary>Forgets the transaction before and begins with this one.</summary>
    public void Begin(SqliteTransaction current)
    {
        transaction = current;
        tail = null;
        rows.Clear();
    }

    public void Add(in ReceiptLine receipt) => rows.Add(receipt);

    public void Add(in EntryLine entry) => rows.Add(entry);

    /// <summary>Writes the block, if anything was added.</summary>
    public void Write()
    {
        if (rows.Rows == 0)
            return;

        var header = new BlockHeader(Id, chain, (tail?.Number ?? 0) + 1, Math.Max(Micros.Of(time.GetUtcNow()), tail?.At ?? 0));
        var previous = tail?.Hash ?? BlockBuilder.NoPrevious;
        var hash = rows.Hash(header, previous);
        var block = new
        {
            header.Id, header.Chain, header.Number, Previous = previous, Hash = hash, Signature = keys?.Sign(hash), KeyId = keys?.CurrentId, rows.Rows, header.At,
        };
        connection.Execute(Insert, block, transaction);
        tail = null;
        rows.Clear();
    }

    private sealed record TailRow
    {
        public required long LastId { get; init; }

        public long? Number { get; init; }

        public byte[]? Hash { get; init; }

        public long? At { get; init; }
    }
}
