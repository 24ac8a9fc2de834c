using System.Data;
using System.Runtime.CompilerServices;
using Dapper;
using Gateway.Ledger.Proof;
using Npgsql;

namespace Gateway.Ledger.Front.Rows;

/// <summary>Reads the front that the book keeps for proofs; rows of another epoch are void.</summary>
internal sealed class RowFrontSource(NpgsqlDataSource source) : IFrontSource
{
    private const int AccountsAtOnce = 500;

    private static readonly string Accounts = EmbeddedText.Read("Front/Rows/proof_accounts.sql");
    private static readonly string Read = EmbeddedText.Read("Front/Rows/proof.sql");

    /// <inheritdoc/>
    public async IAsyncEnumerable<FrontPart> AccountsAsync(long epoch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var after = "";
        while (true)
        {
            var accounts = (await connection.QueryAsync<string>(new CommandDefinition(
                Accounts, new { epoch, after, most = AccountsAtOnce }, cancellationToken: cancellationToken))).AsList();
            if (accounts.Count == 0)
                yield break;

            yield return new FrontPart(accounts, []);
            after = accounts[^1];
        }
    }

    /// <inheritdoc/>
    public async Task<FrontReading> ReadAsync(long epoch, IReadOnlyCollection<string> accounts, CancellationToken cancellationToken)
    {
        // One state for both statements: a settlement is in both, or in neither.
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await using var answers = await connection.QueryMultipleAsync(new CommandDefinition(
            Read, new { epoch, accounts = accounts.ToArray() }, transaction, cancellationToken: cancellationToken));
        var buckets = (await answers.ReadAsync<BucketRow>()).Select(static row =>
            new FrontBucket(row.Account, row.Bucket, row.Posted, row.Held, row.HeldByLiveHolds, Unrecorded: 0));
        var waiting = (await answers.ReadAsync<ChargeRow>()).Select(static row =>
            new WaitingCharge(new ReceiptId(row.Receipt), row.Account, row.Bucket, row.Amount));
        return new FrontReading([.. buckets], [.. waiting], []);
    }

    private sealed record BucketRow
    {
        public required string Account { get; init; }

        public required string Bucket { get; init; }

        public required long Posted { get; init; }

        public required long Held { get; init; }

        public required long HeldByLiveHolds { get; init; }
    }

    private sealed record ChargeRow
    {
        public required Guid Receipt { get; init; }

        public required string Account { get; init; }

        public required string Bucket { get; init; }

        public required long Amount { get; init; }
    }
}
