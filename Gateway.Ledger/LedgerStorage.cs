using System.Security.Cryptography;
using Gateway.Ledger.Book;
using Gateway.Ledger.Book.Postgres;
using Gateway.Ledger.Book.Sqlite;
using Gateway.Ledger.Coordination;
using Gateway.Ledger.Front.Rows;
using Gateway.Ledger.Proof;
using Microsoft.Extensions.Logging;

namespace Gateway.Ledger;

/// <summary>The opened ledger and the store of the control plane, which share one book.</summary>
public sealed class LedgerStorage : IAsyncDisposable
{
    private readonly SpooledLedger ledger;
    private readonly IReadOnlyList<IAsyncDisposable> parts;

    private LedgerStorage(SpooledLedger ledger, IResourceStore resources, params IReadOnlyList<IAsyncDisposable> parts)
    {
        this.ledger = ledger;
        this.parts = parts;
        Resources = resources;
    }

    /// <summary>Holds, settlements, receipts.</summary>
    public ILedger Ledger => ledger;

    /// <summary>Keys, channels, models.</summary>
    public IResourceStore Resources { get; }

    /// <summary>Applies migrations, replays the spool, and starts recording.</summary>
    /// <exception cref="IOException">The spool's folder belongs to another gateway, or is damaged.</exception>
    /// <exception cref="BookSettingException">The connection string of the book does not lead to a database that can be used.</exception>
    public static Task<LedgerStorage> OpenAsync(LedgerOptions options, TimeProvider time, ILoggerFactory logging, CancellationToken cancellationToken) =>
        options.BookConnection is { } connection
            ? OpenSharedAsync(options, connection, time, logging, cancellationToken)
            : OpenEmbeddedAsync(options, time, logging, cancellationToken);

    /// <summary>Drains what is not recorded yet, then closes the book.</summary>
    public async ValueTask DisposeAsync()
    {
        await ledger.DisposeAsync();
        foreach (var part in parts)
            await part.DisposeAsync();
    }

    private static async Task<LedgerStorage> OpenEmbeddedAsync(
        LedgerOptions options, TimeProvider time, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        var book = new SqliteBook(options.BookFile, options.Durability, time, options.Keys);
        try
        {
            var opened = await SpooledLedger.OpenAsync(options, book, time, logging.CreateLogger<SpooledLedger>(), cancellationToken);
            return new LedgerStorage(opened, book, Reconcile(book, options, time, logging), book);
        }
        catch
        {
            await book.DisposeAsync();
            throw;
        }
    }

    private static async Task<LedgerStorage> OpenSharedAsync(
        LedgerOptions options, string connection, TimeProvider time, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        var logger = logging.CreateLogger<SpooledLedger>();
        var gateway = "gw_" + RandomNumberGenerator.GetHexString(12, lowercase: true);
        var book = new PostgresBook(connection, time, logger, gateway, options.Keys);
        try
        {
            await book.OpenAsync(cancellationToken);
            var epochs = new EpochFront(time, book);
            book.RecordingEpoch = () => epochs.RecordingEpoch;

            // clock null: leases and rates follow the servers' time, which all gateways share.
            var rows = new RowFront(book.Source, book, gateway, options.HoldLease, clock: null);
            var shared = new SharedParts(book, epochs, new PostgresCoordination(book.Source), Redis: null, rows, gateway);
            var opened = await SpooledLedger.OpenSharedAsync(options, shared, time, logger, cancellationToken);
            return new LedgerStorage(opened, book, Reconcile(book, options, time, logging), book);
        }
        catch
        {
            await book.DisposeAsync();
            throw;
        }
    }

    private static Reconciler Reconcile(IProofBook book, LedgerOptions options, TimeProvider time, ILoggerFactory logging)
    {
        var reconciler = new Reconciler(book, options.Keys, time, logging.CreateLogger<Reconciler>());
        reconciler.Start();
        return reconciler;
    }
}
