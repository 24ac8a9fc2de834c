using Gateway.Ledger.Book;
using Gateway.Ledger.Book.Sqlite;
using Microsoft.Extensions.Logging;

namespace Gateway.Ledger;

/// <summary>The opened ledger and the store of the control plane, which share one book.</summary>
public sealed class LedgerStorage : IAsyncDisposable
{
    private readonly SqliteBook _book;
    private readonly SpooledLedger _ledger;

    private LedgerStorage(SqliteBook book, SpooledLedger ledger)
    {
        _book = book;
        _ledger = ledger;
    }

    /// <summary>Holds, settlements, receipts.</summary>
    public ILedger Ledger => _ledger;

    /// <summary>What runs did and cost.</summary>
    public IRuns Runs => _ledger;

    /// <summary>Keys, channels, models.</summary>
    public IResourceStore Resources => _book;

    /// <summary>Answers that are kept for a retry.</summary>
    public ICallStore Calls => _book;

    /// <summary>Applies migrations, replays the spool, and starts recording.</summary>
    /// <exception cref="IOException">The spool's folder belongs to another gateway, or is damaged.</exception>
    public static async Task<LedgerStorage> OpenAsync(LedgerOptions options, TimeProvider time, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        var book = new SqliteBook(options.BookFile, options.Durability, time);
        try
        {
            return new LedgerStorage(book, await SpooledLedger.OpenAsync(options, book, time, logging.CreateLogger<SpooledLedger>(), cancellationToken));
        }
        catch
        {
            await book.DisposeAsync();
            throw;
        }
    }

    /// <summary>Drains what is not recorded yet, then closes the book.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ledger.DisposeAsync();
        await _book.DisposeAsync();
    }
}
