using System.Globalization;
using System.Text;
using Dapper;
using Gateway.Ledger.Proof;

namespace Gateway.Ledger.Book.Sqlite;

/// <summary>The book in one SQLite file: WAL, one writer, and under <see cref="Durability.Power"/> a synced log at each commit.</summary>
/// <param name="file">The file; made with its folder where it is missing.</param>
/// <param name="durability">What a commit must survive.</param>
/// <param name="time">The clock of audit records, blocks and migrations; <c>null</c>: the system's.</param>
/// <param name="keys">Sign blocks and receipts; <c>null</c>: both stay unsigned.</param>
internal sealed partial class SqliteBook(string file, Durability durability, TimeProvider? time = null, ReceiptKeys? keys = null) : IBook, IResourceStore, IAsyncDisposable
{
    private static readonly string ListBuckets = EmbeddedText.Read("Book/Sqlite/bucket_list.sql");
    private static readonly string SumKeyDays = EmbeddedText.Read("Book/Sqlite/key_day_sum.sql");
    private static readonly string SumMemberDays = EmbeddedText.Read("Book/Sqlite/member_day_sum.sql");
    private static readonly string FindReceipt = EmbeddedText.Read("Book/Sqlite/receipt_find.sql");
    private static readonly string ListEntries = EmbeddedText.Read("Book/Sqlite/entry_list.sql");
    private static readonly string InsertAudit = EmbeddedText.Read("Book/Sqlite/audit_insert.sql");

    // The file has one writer, whichever gateway that is: one chain.
    private const string Chain = "local";

    private readonly SqliteConnections connections = new(file, durability);
    private readonly TimeProvider clock = time ?? TimeProvider.System;
    private SqliteRecorder? recorder;

    private SqliteRecorder Recorder => recorder ?? throw new InvalidOperationException("The book is not open.");

    /// <inheritdoc/>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        await connections.OpenAsync(cancellationToken);
        await SqliteMigrations.ApplyAsync(connections.Writer, file, clock.GetUtcNow(), cancellationToken);
        var block = new SqliteBlocks(connections.Writer, Chain, keys, clock);
        recorder = new SqliteRecorder(connections.Writer, block);
        new SqliteAdoption(connections.Writer, block).Run(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<int> RecordAsync(IReadOnlyList<SettledCall> batch, CancellationToken cancellationToken)
    {
        using var turn = await connections.EnterAsync(cancellationToken);
        return Recorder.Record(batch);
    }

    /// <inheritdoc/>
    public async Task VoidAsync(ReceiptId id, DateTimeOffset at, CancellationToken cancellationToken)
    {
        using var turn = await connections.EnterAsync(cancellationToken);
        Recorder.Void(id, at);
    }

    /// <inheritdoc/>
    public Task<AccountBalance> LoadAccountAsync(string account, CancellationToken cancellationToken) =>
        connections.ReadAsync(
            async connection =>
            {
                var rows = await connection.QueryAsync<BucketRow>(new CommandDefinition(ListBuckets, new { account }, cancellationToken: cancellationToken));
                return new AccountBalance(account, [.. rows.Select(static row => row.ToBalance())]);
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<Credits> LoadKeySpentAsync(string keyId, DateOnly from, CancellationToken cancellationToken) =>
        connections.ReadAsync(
            async connection => new Credits(await connection.ExecuteScalarAsync<long>(
                new CommandDefinition(SumKeyDays, new { keyId, from = Micros.Day(from) }, cancellationToken: cancellationToken))),
            cancellationToken);

    /// <inheritdoc/>
    public Task<Credits> LoadMemberSpentAsync(string memberId, DateOnly from, CancellationToken cancellationToken) =>
        connections.ReadAsync(
            async connection => new Credits(await connection.ExecuteScalarAsync<long>(
                new CommandDefinition(SumMemberDays, new { memberId, from = Micros.Day(from) }, cancellationToken: cancellationToken))),
            cancellationToken);

    /// <inheritdoc/>
    public async Task<ReadOnlyMemory<byte>?> FindReceiptAsync(ReceiptId id, string? workspace, string? keyId, CancellationToken cancellationToken)
    {
        var row = await connections.ReadAsync(
            connection => connection.QueryFirstOrDefaultAsync<ReceiptRow>(
                new CommandDefinition(FindReceipt, new { id = SqliteRecorder.Key(id), workspace, keyId }, cancellationToken: cancellationToken)),
            cancellationToken);

        // A bare null would become an empty memory: byte[] converts to it.
        if (row is null)
            return (ReadOnlyMemory<byte>?)null;

        var refunds = row.Refunded == 0 ? [] : await ListRefundsAsync(id, cancellationToken);
        return ReceiptDocument.Complete(
            row.Body, LedgerNames.ParseDelivery(row.Delivery), Micros.ToTime(row.SettledAt), Encoding.UTF8.GetBytes(row.PaidBy), row.Block, keys, refunds);
    }

    /// <inheritdoc/>
    public async Task<Page<Entry>> ListEntriesAsync(string account, int limit, string? cursor, CancellationToken cancellationToken)
    {
        var before = long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : long.MaxValue;
        var rows = (await connections.ReadAsync(
            connection => connection.QueryAsync<EntryRow>(
                new CommandDefinition(ListEntries, new { account, before, limit = limit + 1 }, cancellationToken: cancellationToken)),
            cancellationToken)).AsList();
        var more = rows.Count > limit;
        return new Page<Entry>(
            [.. rows.Take(limit).Select(static row => row.ToEntry())],
            more ? rows[limit - 1].Id.ToString(CultureInfo.InvariantCulture) : null);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        recorder?.Dispose();
        await connections.DisposeAsync();
    }

    private sealed record ReceiptRow
    {
        public required string Delivery { get; init; }

        public required long SettledAt { get; init; }

        public required string PaidBy { get; init; }

        public required byte[] Body { get; init; }

        public required long Refunded { get; init; }

        public long? Block { get; init; }
    }

    private sealed record EntryRow
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

        public required long OccurredAt { get; init; }

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
            OccurredAt = Micros.ToTime(OccurredAt),
        };
    }
}
