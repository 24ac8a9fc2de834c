using System.Data;
using Dapper;

namespace Gateway.Ledger.Book.Postgres;

/// <content>Runs.</content>
internal sealed partial class PostgresBook : IRunBook
{
    private static readonly string SumRun = EmbeddedText.Read("Book/Postgres/run_parts.sql");
    private static readonly string ListRunModels = EmbeddedText.Read("Book/Postgres/run_models.sql");
    private static readonly string ListRunReceipts = EmbeddedText.Read("Book/Postgres/run_receipts.sql");

    /// <inheritdoc/>
    public async Task<Run> ListRunAsync(RunQuery query, IReadOnlyList<ReceiptId> except, ReceiptId? before, CancellationToken cancellationToken)
    {
        var parameters = new
        {
            query.RunId,
            query.Workspace,
            query.KeyId,
            except = except.Select(static id => id.Value).ToArray(),
            before = before?.Value,
            models = Run.MaxModels,
            limit = Run.MaxReceipts + 1,
        };

        // One snapshot, so that the three look at one moment.
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        var parts = await connection.QueryAsync<RunRow>(new CommandDefinition(SumRun, parameters, snapshot, cancellationToken: cancellationToken));
        var models = await connection.QueryAsync<string>(new CommandDefinition(ListRunModels, parameters, snapshot, cancellationToken: cancellationToken));
        var receipts = await connection.QueryAsync<Guid>(new CommandDefinition(ListRunReceipts, parameters, snapshot, cancellationToken: cancellationToken));
        await snapshot.CommitAsync(cancellationToken);
        return new Run([.. parts.Select(static row => row.ToPart())], [.. models], [.. receipts.Select(static id => new ReceiptId(id))], NextCursor: null);
    }

    private sealed record RunRow
    {
        public required string Outcome { get; init; }

        public required string Currency { get; init; }

        public required long Calls { get; init; }

        public required long Cost { get; init; }

        public required long Input { get; init; }

        public required long CachedInput { get; init; }

        public required long CacheWrite { get; init; }

        public required long Output { get; init; }

        public required long Reasoning { get; init; }

        public required long Images { get; init; }

        public required long AudioMilliseconds { get; init; }

        public required long Characters { get; init; }

        public required long Attempts { get; init; }

        public required long Fallbacks { get; init; }

        public required DateTime StartedAt { get; init; }

        public required DateTime EndedAt { get; init; }

        public RunPart ToPart() => new()
        {
            Outcome = Outcome,
            Currency = Currency,
            Calls = Calls,
            Cost = new Credits(Cost),
            Attempts = Attempts,
            Fallbacks = Fallbacks,
            Usage = new Usage(Input, CachedInput, CacheWrite, Output, Reasoning, Images, AudioMilliseconds, Characters),
            StartedAt = Instants.ToTime(StartedAt),
            EndedAt = Instants.ToTime(EndedAt),
        };
    }
}
