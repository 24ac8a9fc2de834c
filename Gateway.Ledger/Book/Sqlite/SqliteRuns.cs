using System.Text.Json;
using Dapper;

namespace Gateway.Ledger.Book.Sqlite;

/// <content>Runs.</content>
internal sealed partial class SqliteBook : IRunBook
{
    private static readonly string SumRun = EmbeddedText.Read("Book/Sqlite/run_parts.sql");
    private static readonly string ListRunModels = EmbeddedText.Read("Book/Sqlite/run_models.sql");
    private static readonly string ListRunReceipts = EmbeddedText.Read("Book/Sqlite/run_receipts.sql");

    /// <inheritdoc/>
    public Task<Run> ListRunAsync(RunQuery query, IReadOnlyList<ReceiptId> except, ReceiptId? before, CancellationToken cancellationToken) =>
        connections.ReadAsync(
            async connection =>
            {
                // One transaction, so that the three look at one moment.
                await using var snapshot = connection.BeginTransaction(deferred: true);
                var parameters = new
                {
                    query.RunId,
                    query.Workspace,
                    query.KeyId,
                    except = JsonSerializer.Serialize(except.Select(static id => Convert.ToHexString(SqliteRecorder.Key(id)))),
                    before = before is { } id ? SqliteRecorder.Key(id) : null,
                    models = Run.MaxModels,
                    limit = Run.MaxReceipts + 1,
                };
                var parts = await connection.QueryAsync<RunRow>(new CommandDefinition(SumRun, parameters, snapshot, cancellationToken: cancellationToken));
                var models = await connection.QueryAsync<string>(new CommandDefinition(ListRunModels, parameters, snapshot, cancellationToken: cancellationToken));
                var receipts = await connection.QueryAsync<byte[]>(new CommandDefinition(ListRunReceipts, parameters, snapshot, cancellationToken: cancellationToken));
                return new Run(
                    [.. parts.Select(static row => row.ToPart())], [.. models], [.. receipts.Select(static id => new ReceiptId(new Guid(id, bigEndian: true)))], NextCursor: null);
            },
            cancellationToken);

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

        public required long StartedAt { get; init; }

        public required long EndedAt { get; init; }

        public RunPart ToPart() => new()
        {
            Outcome = Outcome,
            Currency = Currency,
            Calls = Calls,
            Cost = new Credits(Cost),
            Attempts = Attempts,
            Fallbacks = Fallbacks,
            Usage = new Usage(Input, CachedInput, CacheWrite, Output, Reasoning, Images, AudioMilliseconds, Characters),
            StartedAt = Micros.ToTime(StartedAt),
            EndedAt = Micros.ToTime(EndedAt),
        };
    }
}
