using System.Text.Json;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger.Book.Sqlite;

/// <content>Stored answers.</content>
internal sealed partial class SqliteBook : ICallStore
{
    private static readonly string BeginAnswer = EmbeddedText.Read("Book/Sqlite/answer_begin.sql");
    private static readonly string FindAnswerOfKey = EmbeddedText.Read("Book/Sqlite/answer_find_key.sql");
    private static readonly string FindAnswerOfReceipt = EmbeddedText.Read("Book/Sqlite/answer_find_receipt.sql");
    private static readonly string FindUndelivered = EmbeddedText.Read("Book/Sqlite/answer_find_undelivered.sql");
    private static readonly string MarkFetched = EmbeddedText.Read("Book/Sqlite/answer_fetched.sql");
    private static readonly string RenewAnswer = EmbeddedText.Read("Book/Sqlite/answer_renew.sql");
    private static readonly string CompleteAnswer = EmbeddedText.Read("Book/Sqlite/answer_complete.sql");
    private static readonly string ReleaseAnswer = EmbeddedText.Read("Book/Sqlite/answer_release.sql");
    private static readonly string KeepAnswer = EmbeddedText.Read("Book/Sqlite/answer_keep.sql");
    private static readonly string DeferRefund = EmbeddedText.Read("Book/Sqlite/answer_defer_refund.sql");
    private static readonly string ListDueRefunds = EmbeddedText.Read("Book/Sqlite/answer_due.sql");
    private static readonly string RemoveRefunded = EmbeddedText.Read("Book/Sqlite/answer_refunded.sql");
    private static readonly string ExpireAnswers = EmbeddedText.Read("Book/Sqlite/answer_expire.sql");

    private long Now => Micros.Of(clock.GetUtcNow());

    /// <inheritdoc/>
    public Task<CallStart> BeginAsync(CallKey key, TimeSpan lease, CancellationToken cancellationToken) =>
        ChangeAnswersAsync<CallStart>(
            async transaction =>
            {
                var now = clock.GetUtcNow();
                var mine = new CallLease(key.Account, key.IdempotencyKey, Guid.NewGuid());
                var begun = await connections.Writer.ExecuteScalarAsync<long?>(new CommandDefinition(
                    BeginAnswer,
                    new
                    {
                        key.Account,
                        key.KeyId,
                        key.IdempotencyKey,
                        key.Fingerprint,
                        lease = mine.Token.ToString("N"),
                        leaseUntil = Micros.Of(now + lease),
                        expiresAt = Micros.Of(now + StoredAnswer.Kept),
                        now = Micros.Of(now),
                    },
                    transaction,
                    cancellationToken: cancellationToken));
                if (begun is not null)
                    return new CallStart.Begun(mine);

                var row = await connections.Writer.QuerySingleAsync<AnswerRow>(
                    new CommandDefinition(FindAnswerOfKey, key, transaction, cancellationToken: cancellationToken));
                if (!string.Equals(row.Fingerprint, key.Fingerprint, StringComparison.Ordinal))
                    return new CallStart.KeyReused();
                if (row.DoneAt is null)
                    return new CallStart.InProgress();

                if (row.Body is not null)
                    await ExecuteAsync(MarkFetched, new { no = row.No, now = Micros.Of(now) }, transaction, cancellationToken);
                return new CallStart.Done(row.ToAnswer());
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<bool> RenewAsync(CallLease of, TimeSpan lease, CancellationToken cancellationToken) =>
        ChangeAnswersAsync(
            async transaction => await ExecuteAsync(
                RenewAnswer,
                new { of.Account, of.IdempotencyKey, lease = of.Token.ToString("N"), leaseUntil = Micros.Of(clock.GetUtcNow() + lease) },
                transaction,
                cancellationToken) == 1,
            cancellationToken);

    /// <inheritdoc/>
    public Task<bool> CompleteAsync(CallLease of, StoredAnswer answer, CancellationToken cancellationToken) =>
        ChangeAnswersAsync(
            async transaction => await ExecuteAsync(
                CompleteAnswer,
                AnswerRow.Of(answer, clock.GetUtcNow()) with { Account = of.Account, IdempotencyKey = of.IdempotencyKey, Lease = of.Token.ToString("N") },
                transaction,
                cancellationToken) == 1,
            cancellationToken);

    /// <inheritdoc/>
    public Task ReleaseAsync(CallLease of, CancellationToken cancellationToken) =>
        ChangeAnswersAsync(
            transaction => ExecuteAsync(ReleaseAnswer, new { of.Account, of.IdempotencyKey, lease = of.Token.ToString("N") }, transaction, cancellationToken),
            cancellationToken);

    /// <inheritdoc/>
    public Task KeepAsync(string account, string keyId, string fingerprint, StoredAnswer answer, CancellationToken cancellationToken) =>
        ChangeAnswersAsync(
            transaction => ExecuteAsync(
                KeepAnswer,
                AnswerRow.Of(answer, clock.GetUtcNow()) with { Account = account, KeyId = keyId, Fingerprint = fingerprint },
                transaction,
                cancellationToken),
            cancellationToken);

    /// <inheritdoc/>
    public Task<StoredAnswer?> FetchAsync(ReceiptId id, string keyId, CancellationToken cancellationToken) =>
        FetchAsync(FindAnswerOfReceipt, new { receipt = SqliteRecorder.Key(id), keyId, now = Now }, cancellationToken);

    /// <inheritdoc/>
    public Task<StoredAnswer?> FetchUndeliveredAsync(string keyId, string fingerprint, DateTimeOffset since, CancellationToken cancellationToken) =>
        FetchAsync(FindUndelivered, new { keyId, fingerprint, since = Micros.Of(since), now = Now }, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> DeferRefundAsync(ReceiptId id, CancellationToken cancellationToken) =>
        ChangeAnswersAsync(
            async transaction => await ExecuteAsync(DeferRefund, new { receipt = SqliteRecorder.Key(id), now = Now }, transaction, cancellationToken) == 1,
            cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ReceiptId>> DueRefundsAsync(CancellationToken cancellationToken) =>
        connections.ReadAsync<IReadOnlyList<ReceiptId>>(
            async connection =>
            [
                .. (await connection.QueryAsync<byte[]>(new CommandDefinition(ListDueRefunds, new { now = Now }, cancellationToken: cancellationToken)))
                    .Select(static receipt => new ReceiptId(new Guid(receipt, bigEndian: true))),
            ],
            cancellationToken);

    /// <inheritdoc/>
    public Task RefundedAsync(ReceiptId id, CancellationToken cancellationToken) =>
        ChangeAnswersAsync(
            transaction => ExecuteAsync(RemoveRefunded, new { receipt = SqliteRecorder.Key(id), now = Now }, transaction, cancellationToken),
            cancellationToken);

    /// <inheritdoc/>
    public Task<int> ExpireAnswersAsync(CancellationToken cancellationToken) =>
        ChangeAnswersAsync(transaction => ExecuteAsync(ExpireAnswers, new { now = Now }, transaction, cancellationToken), cancellationToken);

    private Task<StoredAnswer?> FetchAsync(string find, object parameters, CancellationToken cancellationToken) =>
        ChangeAnswersAsync(
            async transaction =>
            {
                var row = await connections.Writer.QueryFirstOrDefaultAsync<AnswerRow>(
                    new CommandDefinition(find, parameters, transaction, cancellationToken: cancellationToken));
                if (row?.Body is not null)
                    await ExecuteAsync(MarkFetched, new { no = row.No, now = Now }, transaction, cancellationToken);
                return row?.ToAnswer();
            },
            cancellationToken);

    private async Task<T> ChangeAnswersAsync<T>(Func<SqliteTransaction, Task<T>> change, CancellationToken cancellationToken)
    {
        using var turn = await connections.EnterAsync(cancellationToken);
        await using var transaction = connections.Writer.BeginTransaction(deferred: false);
        var result = await change(transaction);
        await transaction.CommitAsync(CancellationToken.None);
        return result;
    }

    private sealed record AnswerRow
    {
        public long No { get; init; }

        public string? Account { get; init; }

        public string? KeyId { get; init; }

        public string? IdempotencyKey { get; init; }

        public string? Lease { get; init; }

        public string Fingerprint { get; init; } = "";

        public byte[]? Receipt { get; init; }

        public long? Status { get; init; }

        public string? ContentType { get; init; }

        public string? Headers { get; init; }

        public byte[]? Body { get; init; }

        public long? DoneAt { get; init; }

        public long ExpiresAt { get; init; }

        public static AnswerRow Of(StoredAnswer answer, DateTimeOffset at) => new()
        {
            Receipt = SqliteRecorder.Key(answer.ReceiptId),
            Status = answer.Status,
            ContentType = answer.ContentType,
            Headers = JsonSerializer.Serialize(answer.Headers),
            Body = answer.Body,
            DoneAt = Micros.Of(at),
            ExpiresAt = Micros.Of(at + StoredAnswer.Kept),
        };

        // Only rows that are done are read as answers, and the table checks that those have every field.
        public StoredAnswer ToAnswer() => new()
        {
            ReceiptId = new ReceiptId(new Guid(Receipt!, bigEndian: true)),
            Status = (int)Status!,
            ContentType = ContentType!,
            Headers = JsonSerializer.Deserialize<Dictionary<string, string>>(Headers!)!,
            Body = Body,
        };
    }
}
