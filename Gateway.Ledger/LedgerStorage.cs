using System.Security.Cryptography;
using Gateway.Ledger.Book;
using Gateway.Ledger.Book.Postgres;
using Gateway.Ledger.Book.Sqlite;
using Gateway.Ledger.Coordination;
using Gateway.Ledger.Front.Redis;
using Gateway.Ledger.Front.Rows;
using Gateway.Ledger.Proof;
using Microsoft.Extensions.Logging;

namespace Gateway.Ledger;

/// <summary>The opened ledger and the store of the control plane, which share one book.</summary>
public sealed class LedgerStorage : IAsyncDisposable
{
    private readonly SpooledLedger ledger;
    private readonly IReadOnlyList<IAsyncDisposable> parts;

    private LedgerStorage(SpooledLedger ledger, IResourceStore resources, ICallStore calls, IScoreStore scores, IResponseOrigins origins, params IReadOnlyList<IAsyncDisposable> parts)
    {
        this.ledger = ledger;
        this.parts = parts;
        Resources = resources;
        Calls = calls;
        Scores = scores;
        ResponseOrigins = origins;
    }

    /// <summary>Holds, settlements, receipts.</summary>
    public ILedger Ledger => ledger;

    /// <summary>What runs did and cost.</summary>
    public IRuns Runs => ledger;

    /// <summary>Keys, channels, models.</summary>
    public IResourceStore Resources { get; }

    /// <summary>Tells the other gateways of writes to <see cref="Resources"/>.</summary>
    public IResourceNotices Notices { get; private init; } = new NoResourceNotices();

    /// <summary>Answers that are kept for a retry.</summary>
    public ICallStore Calls { get; }

    /// <summary>Scores of answers, and the detectors that they feed.</summary>
    public IScoreStore Scores { get; }

    /// <summary>Who made the answers that providers keep.</summary>
    public IResponseOrigins ResponseOrigins { get; }

    /// <summary>Applies migrations, replays the spool, and starts recording.</summary>
    /// <exception cref="IOException">The spool's folder belongs to another gateway, or is damaged.</exception>
    /// <exception cref="BookSettingException">The connection string of the book does not lead to a database that can be used.</exception>
    /// <exception cref="FrontSettingException">The connection string of Redis cannot be read, or leads to a server that must not be a front.</exception>
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
            return new LedgerStorage(opened, book, book, book, book, Reconcile(book, options, time, logging), book);
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
        RedisServers? servers = null;
        try
        {
            await book.OpenAsync(cancellationToken);
            var epochs = new EpochFront(time, book);
            book.RecordingEpoch = () => epochs.RecordingEpoch;

            // clock null: leases and rates follow the servers' time, which all gateways share.
            var rows = new RowFront(book.Source, book, gateway, options.HoldLease, clock: null);
            if (options.RedisConnection is { } redisConnection)
                servers = await RedisServers.ConnectAsync(redisConnection, logger, cancellationToken);
            var redis = servers is null ? null : new RedisFront(servers, book, gateway, options.HoldLease, clock: null);
            var shared = new SharedParts(book, epochs, new PostgresCoordination(book.Heartbeats), redis, rows, gateway);
            var opened = await SpooledLedger.OpenSharedAsync(options, shared, time, logger, cancellationToken);
            var front = new FrontComparison(book.Source, servers, time);
            var reconciler = Reconcile(book, options, time, logging, front.CompareSampleAsync);
            return servers is null
                ? new LedgerStorage(opened, book, book, book, book, reconciler, book)
                : new LedgerStorage(opened, book, book, book, book, reconciler, servers, book) { Notices = new RedisNotices(servers) };
        }
        catch
        {
            if (servers is not null)
                await servers.DisposeAsync();
            await book.DisposeAsync();
            throw;
        }
    }

    private static Reconciler Reconcile(
        IProofBook book, LedgerOptions options, TimeProvider time, ILoggerFactory logging, Func<CancellationToken, Task<FrontFindings>>? front = null)
    {
        var reconciler = new Reconciler(book, options.Keys, time, logging.CreateLogger<Reconciler>(), front);
        reconciler.Start();
        return reconciler;
    }
}
