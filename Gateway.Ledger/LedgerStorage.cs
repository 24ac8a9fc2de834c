using Gateway.Ledger.Book;
using Gateway.Ledger.Book.Sqlite;
using Gateway.Ledger.Proof;
using Microsoft.Extensions.Logging;

namespace Gateway.Ledger;

/// <summary>The opened ledger and the store of the control plane, which share one book.</summary>
public sealed class LedgerStorage : IAsyncDisposable
{
    private readonly SqliteBook _book;
    private readonly SpooledLedger _ledger;
    private readonly Reconciler _reconciler;
    private readonly CancellationTokenSource _stopReconciling = new();
    private readonly Task _reconciling;

    private LedgerStorage(SqliteBook book, SpooledLedger ledger, Reconciler reconciler)
    {
        _book = book;
        _ledger = ledger;
        _reconciler = reconciler;
        _reconciling = reconciler.RunAsync(_stopReconciling.Token);
    }

    /// <summary>Holds, settlements, receipts.</summary>
    public ILedger Ledger => _ledger;

    /// <summary>Keys, channels, models.</summary>
    public IResourceStore Resources => _book;

    /// <summary>Applies migrations, replays the spool, and starts recording.</summary>
    /// <exception cref="IOException">The spool's folder belongs to another gateway, or is damaged.</exception>
    public static async Task<LedgerStorage> OpenAsync(LedgerOptions options, TimeProvider time, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        var book = new SqliteBook(options.BookFile, options.Durability, time, options.Keys);
        try
        {
            var ledger = await SpooledLedger.OpenAsync(options, book, time, logging.CreateLogger<SpooledLedger>(), cancellationToken);
            return new LedgerStorage(book, ledger, new Reconciler(book, options.Keys, time, logging.CreateLogger<Reconciler>()));
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
        await _stopReconciling.CancelAsync();
        await _reconciling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _reconciler.Dispose();
        _stopReconciling.Dispose();
        await _ledger.DisposeAsync();
        await _book.DisposeAsync();
    }
}
