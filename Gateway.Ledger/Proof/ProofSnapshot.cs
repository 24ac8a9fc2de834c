using System.Data.Common;
using System.Runtime.CompilerServices;
using Dapper;

namespace Gateway.Ledger.Proof;

/// <summary>Reads one consistent state of a book, a bounded part at a time.</summary>
/// <param name="connection">Open, and nobody else's; closed with the snapshot.</param>
/// <param name="transaction">Reads see its state.</param>
/// <param name="folder">The folder of the embedded SQL that reads rows in this database's types, for example <c>Book/Sqlite/Proof/</c>.</param>
internal sealed class ProofSnapshot(DbConnection connection, DbTransaction transaction, string folder) : IAsyncDisposable
{
    // One batch is at most 500 calls: some 500 receipts and 2,000 entries. This many rows are some ten megabytes.
    private const int RowsAtOnce = 8_000;
    private const int BlocksAtOnce = 1_000;

    public Task<BookTotals> TotalsAsync(CancellationToken cancellationToken) =>
        connection.QuerySingleAsync<BookTotals>(Command("totals.sql", parameters: null, cancellationToken));

    /// <summary>The last block of each chain; with <paramref name="before"/> (Unix microseconds) the last one before it.</summary>
    public async Task<IReadOnlyList<ChainTail>> TailsAsync(long? before, CancellationToken cancellationToken) =>
        (await connection.QueryAsync<ChainTail>(Command("tails.sql", new { before = before ?? long.MaxValue }, cancellationToken))).AsList();

    /// <summary>The daily roots, oldest first; one a day.</summary>
    public async Task<IReadOnlyList<RootRow>> RootsAsync(CancellationToken cancellationToken) =>
        (await connection.QueryAsync<RootRow>(Command("roots.sql", parameters: null, cancellationToken))).AsList();

    /// <summary>The last daily root; <c>null</c>: none.</summary>
    public Task<RootRow?> LastRootAsync(CancellationToken cancellationToken) =>
        connection.QueryFirstOrDefaultAsync<RootRow?>(Command("root_last.sql", parameters: null, cancellationToken));

    /// <summary>A block by its place; <c>null</c>: none.</summary>
    public Task<BlockRow?> FindBlockAsync(string chain, long number, CancellationToken cancellationToken) =>
        connection.QueryFirstOrDefaultAsync<BlockRow?>(Command("block_find.sql", new { chain, number }, cancellationToken));

    /// <summary>All blocks with their rows, in order of id.</summary>
    public async IAsyncEnumerable<FilledBlock> BlocksAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var after = 0L;
        while (true)
        {
            var blocks = (await connection.QueryAsync<BlockRow>(Command("blocks.sql", new { after, limit = BlocksAtOnce }, cancellationToken))).AsList();
            if (blocks.Count == 0)
                yield break;

            foreach (var some in Portions(blocks))
            {
                foreach (var block in await FillAsync(some, cancellationToken))
                    yield return block;
            }

            after = blocks[^1].Id;
        }
    }

    /// <summary>The next blocks of one chain with their rows; at most <paramref name="limit"/>.</summary>
    public async IAsyncEnumerable<FilledBlock> BlocksOfAsync(
        string chain, long afterNumber, int limit, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var command = Command("blocks_of_chain.sql", new { chain, after = afterNumber, limit }, cancellationToken);
        foreach (var block in (await connection.QueryAsync<BlockRow>(command)).AsList())
        {
            foreach (var filled in await FillAsync([block], cancellationToken))
                yield return filled;
        }
    }

    /// <summary>A bucket's balance; <c>null</c>: no such bucket.</summary>
    public Task<long?> PostedAsync(string account, string bucket, CancellationToken cancellationToken) =>
        connection.QueryFirstOrDefaultAsync<long?>(Command("posted.sql", new { account, bucket }, cancellationToken));

    /// <summary>What is wrong with a bucket whose entries from a version on are looked at; <c>null</c>: nothing.</summary>
    public Task<string?> CheckBucketAsync(string account, string bucket, string currency, long fromVersion, CancellationToken cancellationToken) =>
        connection.QueryFirstOrDefaultAsync<string?>(
            Command("bucket_check.sql", new { account, bucket, currency, from = fromVersion }, cancellationToken));

    /// <summary>Runs one of <c>Proof/Checks</c>, which returns a sentence for each difference.</summary>
    /// <returns>How many differences, at most <paramref name="most"/>, and the first of them.</returns>
    public async Task<(int Differences, string? First)> CheckAsync(string sql, int most, CancellationToken cancellationToken)
    {
        var differences = 0;
        string? first = null;
        await foreach (var difference in connection.QueryUnbufferedAsync<string?>(sql, transaction: transaction).WithCancellation(cancellationToken))
        {
            // A sentence made of a null is null: a row with an empty column is a difference all the same.
            first ??= difference ?? "a row lacks a value";
            if (++differences >= most)
                break;
        }

        return (differences, first);
    }

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }

    private static IEnumerable<IReadOnlyList<BlockRow>> Portions(List<BlockRow> blocks)
    {
        var start = 0;
        var rows = 0L;
        for (var i = 0; i < blocks.Count; i++)
        {
            rows += blocks[i].Rows;
            if (rows < RowsAtOnce && i < blocks.Count - 1)
                continue;

            yield return blocks.GetRange(start, i + 1 - start);
            (start, rows) = (i + 1, 0);
        }
    }

    private async Task<IEnumerable<FilledBlock>> FillAsync(IReadOnlyList<BlockRow> blocks, CancellationToken cancellationToken)
    {
        var range = new { first = blocks[0].Id, last = blocks[^1].Id };
        var receipts = (await connection.QueryAsync<ReceiptRow>(Command("receipts.sql", range, cancellationToken))).ToLookup(static row => row.Block);
        var entries = (await connection.QueryAsync<EntryRow>(Command("entries.sql", range, cancellationToken))).ToLookup(static row => row.Block);
        return blocks.Select(block => new FilledBlock(block, [.. receipts[block.Id]], [.. entries[block.Id]]));
    }

    private CommandDefinition Command(string file, object? parameters, CancellationToken cancellationToken) =>
        new(ProofSql.Read(folder + file), parameters, transaction, cancellationToken: cancellationToken);
}

/// <summary>A block and the rows that name it.</summary>
internal sealed record FilledBlock(BlockRow Block, IReadOnlyList<ReceiptRow> Receipts, IReadOnlyList<EntryRow> Entries);

/// <summary>The SQL of proving, read once.</summary>
internal static class ProofSql
{
    private static readonly System.Collections.Concurrent.ConcurrentDictionary<string, string> Texts = new(StringComparer.Ordinal);

    public static string Read(string path) => Texts.GetOrAdd(path, EmbeddedText.Read);
}
