using System.Data;
using Dapper;
using Gateway.Ledger.Proof;
using Npgsql;

namespace Gateway.Ledger.Book.Postgres;

/// <summary>What comparing a front with the book asks of the book, at the moment of each question.</summary>
internal sealed class FrontBook(NpgsqlDataSource source)
{
    private static readonly string State = EmbeddedText.Read("Book/Postgres/Proof/front_state.sql");
    private static readonly string Posted = EmbeddedText.Read("Book/Postgres/Proof/front_posted.sql");
    private static readonly string Accounts = EmbeddedText.Read("Book/Postgres/Proof/front_accounts.sql");

    /// <summary>Where the balances of a front that the book keeps are read.</summary>
    public NpgsqlDataSource Source => source;

    /// <summary>The epoch in force.</summary>
    public async Task<FrontInForce> StateAsync(CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleAsync<FrontInForce>(new CommandDefinition(State, cancellationToken: cancellationToken));
    }

    /// <summary>The next accounts that have a bucket, in order of name.</summary>
    public async Task<IReadOnlyList<string>> AccountsAsync(string after, int most, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<string>(new CommandDefinition(Accounts, new { after, most }, cancellationToken: cancellationToken))).AsList();
    }

    /// <summary>What the book has of these accounts, and which of these receipts.</summary>
    public async Task<(Dictionary<(string Account, string Bucket), long> Posted, HashSet<Guid> Recorded)> ReadAsync(
        IReadOnlyCollection<string> accounts, IReadOnlyCollection<ReceiptId> receipts, CancellationToken cancellationToken)
    {
        var moments = receipts.Select(Instants.Of).DefaultIfEmpty(DateTimeOffset.UnixEpoch).ToArray();

        // One state for both statements: a call that is recorded is in the balance, too.
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await using var answers = await connection.QueryMultipleAsync(new CommandDefinition(
            Posted,
            new
            {
                accounts = accounts.ToArray(),
                receipts = receipts.Select(static receipt => receipt.Value).ToArray(),
                earliest = moments.Min(),
                latest = moments.Max(),
            },
            transaction,
            cancellationToken: cancellationToken));
        var posted = (await answers.ReadAsync<PostedRow>()).ToDictionary(static row => (row.Account, row.Bucket), static row => row.Posted);
        return (posted, [.. await answers.ReadAsync<Guid>()]);
    }

    private sealed record PostedRow
    {
        public required string Account { get; init; }

        public required string Bucket { get; init; }

        public required long Posted { get; init; }
    }
}
