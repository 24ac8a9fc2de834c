using System.Text.Json;
using Dapper;
using Npgsql;

namespace Gateway.Ledger.Book.Postgres;

/// <content>Stored answers, which any gateway may fetch.</content>
internal sealed partial class PostgresBook : ICallStore
{
    private static readonly string BeginAnswer = EmbeddedText.Read("Book/Postgres/answer_begin.sql");
    private static readonly string FindAnswerOfKey = EmbeddedText.Read("Book/Postgres/answer_find_key.sql");
    private static readonly string FindAnswerOfReceipt = EmbeddedText.Read("Book/Postgres/answer_find_receipt.sql");
    private static readonly string FindUndelivered = EmbeddedText.Read("Book/Postgres/answer_find_undelivered.sql");
    private static readonly string MarkFetched = EmbeddedText.Read("Book/Postgres/answer_fetched.sql");
    private static readonly string RenewAnswer = EmbeddedText.Read("Book/Postgres/answer_renew.sql");
    private static readonly string CompleteAnswer = EmbeddedText.Read("Book/Postgres/answer_complete.sql");
    private static readonly string ReleaseAnswer = EmbeddedText.Read("Book/Postgres/answer_release.sql");
    private static readonly string KeepAnswer = EmbeddedText.Read("Book/Postgres/answer_keep.sql");
    private static readonly string DeferRefund = EmbeddedText.Read("Book/Postgres/answer_defer_refund.sql");
    private static readonly string ListDueRefunds = EmbeddedText.Read("Book/Postgres/answer_due.sql");
    private static readonly string RemoveRefunded = EmbeddedText.Read("Book/Postgres/answer_refunded.sql");
    private static readonly string ExpireAnswers = EmbeddedText.Read("Book/Postgres/answer_expire.sql");

    private DateTime Now => Instants.Of(clock.GetUtcNow());

    /// <inheritdoc/>
    public Task<CallStart> BeginAsync(CallKey key, TimeSpan lease, CancellationToken cancellationToken) =>
        RepeatAsync(() => TryBeginAsync(key, lease, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async Task<bool> RenewAsync(CallLease of, TimeSpan lease, CancellationToken cancellationToken) =>
        await ChangeAnswersAsync(
            RenewAnswer, new { of.Account, of.IdempotencyKey, lease = of.Token, leaseUntil = Instants.Of(clock.GetUtcNow() + lease) }, cancellationToken) == 1;

    /// <inheritdoc/>
    public async Task<bool> CompleteAsync(CallLease of, StoredAnswer answer, CancellationToken cancellationToken) =>
        await ChangeAnswersAsync(
            CompleteAnswer,
            AnswerRow.Of(answer, clock.GetUtcNow()) with { Account = of.Account, IdempotencyKey = of.IdempotencyKey, Lease = of.Token },
            cancellationToken) == 1;

    /// <inheritdoc/>
    public Task ReleaseAsync(CallLease of, CancellationToken cancellationToken) =>
        ChangeAnswersAsync(ReleaseAnswer, new { of.Account, of.IdempotencyKey, lease = of.Token }, cancellationToken);

    /// <inheritdoc/>
    public Task KeepAsync(string account, string keyId, string fingerprint, StoredAnswer answer, CancellationToken cancellationToken) =>
        ChangeAnswersAsync(
            KeepAnswer, AnswerRow.Of(answer, clock.GetUtcNow()) with { Account = account, KeyId = keyId, Fingerprint = fingerprint }, cancellationToken);

    /// <inheritdoc/>
    public Task<StoredAnswer?> FetchAsync(ReceiptId id, string keyId, CancellationToken cancellationToken) =>
        FetchAsync(FindAnswerOfReceipt, new { receipt = id.Value, keyId, now = Now }, cancellationToken);

    /// <inheritdoc/>
    public Task<StoredAnswer?> FetchUndeliveredAsync(string keyId, string fingerprint, DateTimeOffset since, CancellationToken cancellationToken) =>
        FetchAsync(FindUndelivered, new { keyId, fingerprint, since = Instants.Of(since), now = Now }, cancellationToken);

    /// <inheritdoc/>
    public async Task<bool> DeferRefundAsync(ReceiptId id, CancellationToken cancellationToken) =>
        await ChangeAnswersAsync(DeferRefund, new { receipt = id.Value, now = Now }, cancellationToken) == 1;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReceiptId>> DueRefundsAsync(CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        var due = await connection.QueryAsync<Guid>(new CommandDefinition(ListDueRefunds, new { now = Now }, cancellationToken: cancellationToken));
        return [.. due.Select(static receipt => new ReceiptId(receipt))];
    }

    /// <inheritdoc/>
    public Task RefundedAsync(ReceiptId id, CancellationToken cancellationToken) =>
        ChangeAnswersAsync(RemoveRefunded, new { receipt = id.Value, now = Now }, cancellationToken);

    /// <inheritdoc/>
    public Task<int> ExpireAnswersAsync(CancellationToken cancellationToken) => ChangeAnswersAsync(ExpireAnswers, new { now = Now }, cancellationToken);

    // The insert waits for a rival's to commit, and then finds its row. Null: that row was released between the two statements; the next try inserts.
    private async Task<CallStart?> TryBeginAsync(CallKey key, TimeSpan lease, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var mine = new CallLease(key.Account, key.IdempotencyKey, Guid.NewGuid());
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        var begun = await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            BeginAnswer,
            new
            {
                key.Account,
                key.KeyId,
                key.IdempotencyKey,
                key.Fingerprint,
                lease = mine.Token,
                leaseUntil = Instants.Of(now + lease),
                expiresAt = Instants.Of(now + StoredAnswer.Kept),
                now = Instants.Of(now),
            },
            cancellationToken: cancellationToken));
        if (begun is not null)
            return new CallStart.Begun(mine);

        var row = await connection.QueryFirstOrDefaultAsync<AnswerRow>(new CommandDefinition(FindAnswerOfKey, key, cancellationToken: cancellationToken));
        if (row is null)
            return null;
        if (!string.Equals(row.Fingerprint, key.Fingerprint, StringComparison.Ordinal))
            return new CallStart.KeyReused();
        if (row.DoneAt is null)
            return new CallStart.InProgress();
        return row.Body is null || await MarkAsync(connection, row, cancellationToken) ? new CallStart.Done(row.ToAnswer()) : null;
    }

    private async Task<StoredAnswer?> FetchAsync(string find, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        var row = await connection.QueryFirstOrDefaultAsync<AnswerRow>(new CommandDefinition(find, parameters, cancellationToken: cancellationToken));
        if (row is null)
            return null;

        // Who cannot mark it does not get it: it expired, or a refund took it, between the two statements.
        return row.Body is null || await MarkAsync(connection, row, cancellationToken) ? row.ToAnswer() : null;
    }

    private async Task<bool> MarkAsync(NpgsqlConnection connection, AnswerRow row, CancellationToken cancellationToken) =>
        await connection.ExecuteAsync(new CommandDefinition(MarkFetched, new { no = row.No, now = Now }, cancellationToken: cancellationToken)) == 1;

    private async Task<int> ChangeAnswersAsync(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
    }

    private sealed record AnswerRow
    {
        public long No { get; init; }

        public string? Account { get; init; }

        public string? KeyId { get; init; }

        public string? IdempotencyKey { get; init; }

        public Guid? Lease { get; init; }

        public string Fingerprint { get; init; } = "";

        public Guid? Receipt { get; init; }

        public int? Status { get; init; }

        public string? ContentType { get; init; }

        public string? Headers { get; init; }

        public byte[]? Body { get; init; }

        public DateTime? DoneAt { get; init; }

        public DateTime ExpiresAt { get; init; }

        public static AnswerRow Of(StoredAnswer answer, DateTimeOffset at) => new()
        {
            Receipt = answer.ReceiptId.Value,
            Status = answer.Status,
            ContentType = answer.ContentType,
            Headers = JsonSerializer.Serialize(answer.Headers),
            Body = answer.Body,
            DoneAt = Instants.Of(at),
            ExpiresAt = Instants.Of(at + StoredAnswer.Kept),
        };

        // Only rows that are done are read as answers, and the table checks that those have every field.
        public StoredAnswer ToAnswer() => new()
        {
            ReceiptId = new ReceiptId(Receipt!.Value),
            Status = Status!.Value,
            ContentType = ContentType!,
            Headers = JsonSerializer.Deserialize<Dictionary<string, string>>(Headers!)!,
            Body = Body,
        };
    }
}
