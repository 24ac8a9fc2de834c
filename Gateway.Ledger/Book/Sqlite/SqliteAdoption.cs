using Dapper;
using Gateway.Ledger.Proof;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger.Book.Sqlite;

/// <summary>Puts the rows of a book from before there were blocks into blocks, a batch at a time; may be killed at any point and run again.</summary>
internal sealed class SqliteAdoption(SqliteConnection connection, SqliteBlocks block)
{
    private const int RowsAtOnce = 2_000;

    private static readonly string ListReceipts = EmbeddedText.Read("Book/Sqlite/adopt_receipts.sql");
    private static readonly string ListEntries = EmbeddedText.Read("Book/Sqlite/adopt_entries.sql");
    private static readonly string AdoptReceipt = EmbeddedText.Read("Book/Sqlite/adopt_receipt.sql");
    private static readonly string AdoptEntry = EmbeddedText.Read("Book/Sqlite/adopt_entry.sql");

    public void Run(CancellationToken cancellationToken)
    {
        while (AdoptSome())
            cancellationToken.ThrowIfCancellationRequested();
    }

    private bool AdoptSome()
    {
        using var transaction = connection.BeginTransaction(deferred: false);
        block.Begin(transaction);
        var receipts = connection.Query<ReceiptRow>(ListReceipts, new { limit = RowsAtOnce }, transaction).AsList();
        var entries = connection.Query<Proof.EntryRow>(ListEntries, new { limit = RowsAtOnce }, transaction).AsList();
        if (receipts.Count + entries.Count == 0)
            return false;

        foreach (var receipt in receipts)
        {
            block.Add(receipt.ToLine());
            connection.Execute(AdoptReceipt, new { receipt.Id, block = block.Id }, transaction);
        }

        foreach (var entry in entries)
        {
            block.Add(entry.ToLine());
            connection.Execute(AdoptEntry, new { entry.Account, entry.Bucket, entry.Currency, entry.Version, block = block.Id }, transaction);
        }

        block.Write();
        transaction.Commit();
        return true;
    }
}
