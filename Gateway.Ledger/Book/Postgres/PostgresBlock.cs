using Gateway.Ledger.Proof;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Ledger.Book.Postgres;

/// <summary>The block of one transaction. Its chain is locked after the buckets, by every transaction alike.</summary>
/// <param name="chain">The chain's name: the gateway that writes.</param>
/// <param name="keys">Signs; <c>null</c>: the block stays unsigned.</param>
/// <param name="time">The block's clock. Where it goes back, the block keeps its predecessor's time.</param>
internal sealed class PostgresBlock(string chain, ReceiptKeys? keys, TimeProvider time)
{
    private static readonly string OpenBlock = EmbeddedText.Read("Book/Postgres/block_open.sql");
    private static readonly string InsertBlock = EmbeddedText.Read("Book/Postgres/block_insert.sql");

    private readonly BlockBuilder rows = new();
    private long number;
    private byte[] previous = BlockBuilder.NoPrevious;
    private long previousAt;

    /// <summary>The id that the block's rows name.</summary>
    public long Id { get; private set; }

    /// <summary>The statement that locks the chain and draws an id; its row goes to <see cref="TakeAsync"/>.</summary>
    public NpgsqlBatchCommand Open() => new(OpenBlock) { Parameters = { new NpgsqlParameter<string>("chain", chain) } };

    public async Task TakeAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        if (!await reader.ReadAsync(cancellationToken))
            throw new InvalidOperationException($"The book has no chain {chain}.");
        (Id, number, previous, previousAt) = (reader.GetInt64(0), reader.GetInt64(1) + 1, reader.GetFieldValue<byte[]>(2), reader.GetInt64(3));
    }

    public void Add(in ReceiptLine receipt) => rows.Add(receipt);

    public void Add(in EntryLine entry) => rows.Add(entry);

    /// <summary>Adds the statement that writes the block, if it has rows.</summary>
    public void AddTo(NpgsqlBatch batch)
    {
        if (rows.Rows == 0)
            return;

        var header = new BlockHeader(Id, chain, number, Math.Max(Instants.Micros(Instants.Of(time.GetUtcNow())), previousAt));
        var hash = rows.Hash(header, previous);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(InsertBlock)
        {
            Parameters =
            {
                new NpgsqlParameter<long>("id", Id),
                new NpgsqlParameter<string>("chain", chain),
                new NpgsqlParameter<long>("number", number),
                new NpgsqlParameter<byte[]>("previous", previous),
                new NpgsqlParameter<byte[]>("hash", hash),
                new NpgsqlParameter { ParameterName = "signature", Value = (object?)keys?.Sign(hash) ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bytea },
                new NpgsqlParameter { ParameterName = "keyId", Value = (object?)keys?.CurrentId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                new NpgsqlParameter<int>("rows", rows.Rows),
                new NpgsqlParameter<long>("at", header.At),
            },
        });
    }
}
