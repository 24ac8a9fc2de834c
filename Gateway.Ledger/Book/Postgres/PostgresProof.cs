using System.Data;
using Dapper;
using Gateway.Ledger.Proof;
using Npgsql;

namespace Gateway.Ledger.Book.Postgres;

internal sealed partial class PostgresBook : IProofBook
{
    private static readonly string InsertRoot = EmbeddedText.Read("Book/Postgres/root_insert.sql");
    private static readonly string MakeChain = EmbeddedText.Read("Book/Postgres/chain_make.sql");

    /// <inheritdoc/>
    public async Task<ProofSnapshot> OpenSnapshotAsync(CancellationToken cancellationToken) =>
        await PostgresProof.BeginAsync(await Source.OpenConnectionAsync(cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task CloseDayAsync(DateOnly day, CancellationToken cancellationToken) => DailyRoots.CloseAsync(
        this,
        day,
        keys,
        Instants.Micros(Instants.Of(clock.GetUtcNow())),
        async root =>
        {
            await using var connection = await Source.OpenConnectionAsync(cancellationToken);
            await connection.ExecuteAsync(new CommandDefinition(InsertRoot, root, cancellationToken: cancellationToken));
        },
        cancellationToken);

    private async Task MakeChainAsync(CancellationToken cancellationToken)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(MakeChain, new { chain, hash = BlockBuilder.NoPrevious }, cancellationToken: cancellationToken));
    }
}

/// <summary>Opens snapshots of a PostgreSQL book that may be in use; migrates nothing.</summary>
internal sealed class PostgresProof(string connectionString) : IProofBook
{
    private const string Folder = "Book/Postgres/Proof/";

    /// <inheritdoc/>
    /// <exception cref="BookSettingException">The connection string does not lead to a database.</exception>
    public async Task<ProofSnapshot> OpenSnapshotAsync(CancellationToken cancellationToken)
    {
        var setting = PostgresSetting.Parse(connectionString);
        var connection = new NpgsqlConnection(setting.ForMigrations());
        try
        {
            await connection.OpenAsync(cancellationToken);
            return await BeginAsync(connection, cancellationToken);
        }
        catch (Exception exception) when (setting.Explain(exception) is { } explained)
        {
            await connection.DisposeAsync();
            throw new BookSettingException(explained, exception);
        }
    }

    /// <summary>Not here: what only reads closes no day.</summary>
    public Task CloseDayAsync(DateOnly day, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>One state for all reads of the transaction.</summary>
    public static async Task<ProofSnapshot> BeginAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        new(connection, await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken), Folder);
}
