using System.Globalization;
using System.Text;
using Dapper;
using Gateway.Ledger.Proof;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Gateway.Ledger.Book.Postgres;

/// <summary>The book in a PostgreSQL database that several gateways share. Whatever two of them do at once, rows are locked in one fixed order.</summary>
/// <param name="connectionString">Where the database is; see <see cref="PostgresSetting"/>.</param>
/// <param name="time">The clock of audit records, of the migrations and of the months made ahead.</param>
/// <param name="logger">Gets what the operator should know: a missing role, a conflict that was repeated.</param>
/// <param name="chain">The chain of blocks that this book writes: one for each gateway, or they wait for each other.</param>
/// <param name="keys">Sign blocks and receipts; <c>null</c>: both stay unsigned.</param>
internal sealed partial class PostgresBook(string connectionString, TimeProvider time, ILogger logger, string chain = "local", ReceiptKeys? keys = null) : IBook, IResourceStore, IAsyncDisposable
{
    // A deadlock or serialization failure goes away at the next try; each of the others settles what the try before found missing.
    private const int MaxTries = 4;

    private static readonly string ListBuckets = EmbeddedText.Read("Book/Postgres/bucket_list.sql");
    private static readonly string SumKeyDays = EmbeddedText.Read("Book/Postgres/key_day_sum.sql");
    private static readonly string SumMemberDays = EmbeddedText.Read("Book/Postgres/member_day_sum.sql");
    private static readonly string FindReceipt = EmbeddedText.Read("Book/Postgres/receipt_find.sql");
    private static readonly string ListEntries = EmbeddedText.Read("Book/Postgres/entry_list.sql");

    private readonly TimeProvider clock = time;
    private NpgsqlDataSource? source;
    private NpgsqlDataSource? heartbeats;
    private MonthPartitions? months;

    /// <summary>The pool that every part of the book uses. Its connections work as <c>gateway_writer</c> and are not reset: leave no state in a session.</summary>
    internal NpgsqlDataSource Source => source ?? throw new InvalidOperationException("The book is not open.");

    /// <summary>Connections that only say that this gateway lives.</summary>
    internal NpgsqlDataSource Heartbeats => heartbeats ?? throw new InvalidOperationException("The book is not open.");

    private MonthPartitions Months => months ?? throw new InvalidOperationException("The book is not open.");

    /// <inheritdoc/>
    /// <exception cref="BookSettingException">The connection string does not lead to a database that this login may set up.</exception>
    /// <exception cref="InvalidOperationException">The database was written by a newer program.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        (source, heartbeats) = await PostgresSource.OpenAsync(connectionString, clock.GetUtcNow(), logger, cancellationToken);
        months = new MonthPartitions(source, clock, logger);
        await months.OpenAsync(cancellationToken);
        await MakeChainAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<AccountBalance> LoadAccountAsync(string account, CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<BucketRow>(new CommandDefinition(ListBuckets, new { account }, cancellationToken: cancellationToken));
        return new AccountBalance(account, [.. rows.Select(static row => row.ToBalance())]);
    }

    /// <inheritdoc/>
    public async Task<Credits> LoadKeySpentAsync(string keyId, DateOnly from, CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        return new Credits(await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            SumKeyDays, new { keyId, from = from.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) }, cancellationToken: cancellationToken)));
    }

    /// <inheritdoc/>
    public async Task<Credits> LoadMemberSpentAsync(string memberId, DateOnly from, CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        return new Credits(await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            SumMemberDays, new { memberId, from = from.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) }, cancellationToken: cancellationToken)));
    }

    /// <inheritdoc/>
    public async Task<ReadOnlyMemory<byte>?> FindReceiptAsync(ReceiptId id, string? workspace, string? keyId, CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        var row = await connection.QueryFirstOrDefaultAsync<StoredReceipt>(
            new CommandDefinition(FindReceipt, new { id = id.Value, workspace, keyId }, cancellationToken: cancellationToken));

        // A bare null would become an empty memory: byte[] converts to it.
        if (row is null)
            return (ReadOnlyMemory<byte>?)null;

        var refunds = row.Refunded == 0 ? [] : await ListRefundsAsync(id, connection, cancellationToken);
        return ReceiptDocument.Complete(
            row.Body, LedgerNames.ParseDelivery(row.Delivery), Instants.ToTime(row.SettledAt), Encoding.UTF8.GetBytes(row.PaidBy), row.Block, keys, refunds);
    }

    /// <inheritdoc/>
    public async Task<Page<Entry>> ListEntriesAsync(string account, int limit, string? cursor, CancellationToken cancellationToken)
    {
        var before = long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : long.MaxValue;
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        var rows = (await connection.QueryAsync<StoredEntry>(
            new CommandDefinition(ListEntries, new { account, before, limit = limit + 1 }, cancellationToken: cancellationToken))).AsList();
        var more = rows.Count > limit;
        return new Page<Entry>(
            [.. rows.Take(limit).Select(static row => row.ToEntry())],
            more ? rows[limit - 1].Id.ToString(CultureInfo.InvariantCulture) : null);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (source is not null)
            await source.DisposeAsync();
        if (heartbeats is not null)
            await heartbeats.DisposeAsync();
    }

    // Runs a transaction again, a bounded number of times, when it lost a conflict or returned null because what it began with no longer held.
    private async Task<T> RepeatAsync<T>(Func<Task<T?>> transaction, CancellationToken cancellationToken)
        where T : class
    {
        for (var attempt = 1; attempt <= MaxTries; attempt++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                if (await transaction() is { } result)
                    return result;
            }
            catch (PostgresException conflict) when (IsConflict(conflict) && attempt < MaxTries)
            {
                LogConflict(conflict.SqlState, attempt);
            }
            catch (PostgresException gone) when (IsMissingPartition(gone))
            {
                // An operator moved a month away: the caller's next try makes it again.
                Months.Forget();
                throw;
            }
        }

        throw new TimeoutException($"The book changed under a transaction {MaxTries} times.");
    }

    private static bool IsConflict(PostgresException exception) =>
        exception.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure;

    // The server reports a row without a partition as a check violation of no constraint.
    private static bool IsMissingPartition(PostgresException exception) =>
        exception is { SqlState: PostgresErrorCodes.CheckViolation, ConstraintName: null or "" };

    private static NpgsqlConnection Of(NpgsqlTransaction transaction) =>
        transaction.Connection ?? throw new InvalidOperationException("The transaction has ended.");

    private static Task<int> ExecuteAsync(string sql, object? parameters, NpgsqlTransaction transaction, CancellationToken cancellationToken) =>
        Of(transaction).ExecuteAsync(new CommandDefinition(sql, parameters, transaction, cancellationToken: cancellationToken));

    [LoggerMessage(22, LogLevel.Warning, "A transaction of the book lost a conflict ({SqlState}) at try {Attempt}; again.")]
    private partial void LogConflict(string sqlState, int attempt);

    // How many receipts a transaction wrote or refunded.
    private sealed record Done(int Receipts);

    private sealed record StoredReceipt
    {
        public required string Delivery { get; init; }

        public required DateTime SettledAt { get; init; }

        public required string PaidBy { get; init; }

        public required byte[] Body { get; init; }

        public required long Refunded { get; init; }

        public long? Block { get; init; }
    }

    private sealed record StoredEntry
    {
        public required long Id { get; init; }

        public required string Account { get; init; }

        public required string Bucket { get; init; }

        public required string Currency { get; init; }

        public required long Version { get; init; }

        public required string Reference { get; init; }

        public required string Kind { get; init; }

        public required long Amount { get; init; }

        public required long Previous { get; init; }

        public required long New { get; init; }

        public required DateTime OccurredAt { get; init; }

        public Entry ToEntry() => new()
        {
            Id = Id,
            Account = Account,
            Bucket = Bucket,
            Currency = Currency,
            Version = Version,
            Reference = Reference,
            Kind = Kind,
            Amount = new Credits(Amount),
            PreviousBalance = new Credits(Previous),
            NewBalance = new Credits(New),
            OccurredAt = Instants.ToTime(OccurredAt),
        };
    }
}
