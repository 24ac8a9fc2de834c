using System.Net.Sockets;
using System.Text.Json;
using Npgsql;

namespace Gateway.Ledger.Front.Rows;

/// <summary>Runs an operation of the in-process front on rows: one transaction, two round trips. The first locks and reads, the second writes and commits.</summary>
/// <param name="source">The connections to the book's server.</param>
/// <param name="gateway">The id of this gateway: what it holds carries it.</param>
/// <param name="clock">The time; <c>null</c>: the server's, which all gateways share.</param>
internal sealed class RowTransactions(NpgsqlDataSource source, string gateway, TimeProvider? clock)
{
    private const int MaxTries = 3;
    private static readonly string ReadRows = EmbeddedText.Read("Front/Rows/read.sql");

    /// <summary>The time that a statement must take instead of the server's; <c>null</c>: the server's.</summary>
    public DateTime? Now => clock is null ? null : Whole(clock.GetUtcNow()).UtcDateTime;

    /// <summary>Operates on the named rows.</summary>
    /// <returns>The result; or <c>false</c>: the account, the key or the member is not loaded under this epoch.</returns>
    /// <exception cref="FrontUnavailableException">The server is away, or the epoch is not the front's: what was written may or may not be.</exception>
    public Task<(bool Loaded, T? Result)> RunAsync<T>(RowNames names, long epoch, Func<AccountRows, T> operate, CancellationToken cancellationToken) =>
        TryAsync(
            async connection =>
            {
                var rows = await ReadAsync(connection, names, epoch, cancellationToken);
                if (rows is null)
                {
                    await ExecuteAsync(connection, "rollback", [], cancellationToken);
                    return (false, default(T));
                }

                var result = operate(rows);
                await RowChanges.SaveAsync(connection, rows, gateway, cancellationToken);
                return (true, (T?)result);
            },
            cancellationToken);

    /// <summary>Runs one statement, or several in one implicit transaction; returns how many rows it changed.</summary>
    /// <exception cref="FrontUnavailableException">The server is away.</exception>
    public Task<int> ExecuteAsync(string sql, NpgsqlParameter[] parameters, CancellationToken cancellationToken) =>
        TryAsync(connection => ExecuteAsync(connection, sql, parameters, cancellationToken), cancellationToken);

    /// <summary>Reads all rows of one statement. Bounded by the statement's own limit.</summary>
    /// <exception cref="FrontUnavailableException">The server is away.</exception>
    public Task<List<T>> QueryAsync<T>(string sql, NpgsqlParameter[] parameters, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken) =>
        TryAsync(
            async connection =>
            {
                await using var command = Command(connection, sql, parameters);
                await using var row = await command.ExecuteReaderAsync(cancellationToken);
                var found = new List<T>();
                while (await row.ReadAsync(cancellationToken))
                    found.Add(read(row));
                return found;
            },
            cancellationToken);

    /// <summary>Reads the buckets of an account.</summary>
    public static BucketBalance[] ReadBuckets(NpgsqlDataReader row, int column) =>
        JsonSerializer.Deserialize(row.GetString(column), RowJson.Default.BucketBalanceArray) ?? [];

    /// <summary>The moment of the operation: the test's, or the server's as it was read.</summary>
    public DateTimeOffset At(NpgsqlDataReader row, int column) => clock is null ? row.GetFieldValue<DateTimeOffset>(column) : Whole(clock.GetUtcNow());

    private static DateTimeOffset Whole(DateTimeOffset at) => at.AddTicks(-(at.UtcTicks % TimeSpan.TicksPerMicrosecond)).ToUniversalTime();

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter.Clone());
        return command;
    }

    private static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql, NpgsqlParameter[] parameters, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, sql, parameters);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<AccountRows?> ReadAsync(NpgsqlConnection connection, RowNames names, long epoch, CancellationToken cancellationToken)
    {
        NpgsqlParameter[] parameters =
        [
            RowValue.Of("account", names.Account),
            RowValue.Of("key", names.Key),
            RowValue.Of("member", names.Member),
            RowValue.Of("receipt", names.Receipt?.Value),
            RowValue.Of("epoch", epoch),
            RowValue.Of("whole", names.Request is null),
        ];
        await using var command = Command(connection, ReadRows, parameters);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        (long Epoch, BucketBalance[] Buckets)? account = await row.ReadAsync(cancellationToken) ? (row.GetInt64(0), ReadBuckets(row, 1)) : null;
        var key = await NextAsync(row, KeyRow.Read, cancellationToken);
        var member = await NextAsync(row, static row => SpendingRow.Read(row, 0), cancellationToken);
        var hold = await NextAsync(row, HoldRow.Read, cancellationToken);
        await row.NextResultAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        Epochs.Check(row, epoch);
        if (account is not { } found || found.Epoch < epoch || !names.Complete(key is not null, member is not null))
            return null;
        if (found.Epoch > epoch)
            throw new FrontUnavailableException($"The account is in epoch {found.Epoch}, and this gateway in {epoch}.");
        return new AccountRows(names, epoch, At(row, 4), found.Buckets, key, member, hold);
    }

    private static async Task<T?> NextAsync<T>(NpgsqlDataReader row, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
        where T : class
    {
        await row.NextResultAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? read(row) : null;
    }

    private async Task<T> TryAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        for (var n = 1; ; n++)
        {
            try
            {
                await using var connection = await source.OpenConnectionAsync(cancellationToken);
                return await work(connection);
            }
            catch (PostgresException exception) when (n < MaxTries && IsConflict(exception.SqlState))
            {
                // It was rolled back whole, for another was faster: the same again on what that one left.
            }
            catch (Exception exception) when (exception is NpgsqlException or TimeoutException or SocketException)
            {
                throw new FrontUnavailableException($"The book's server did not answer: {exception.Message}", exception);
            }
        }
    }

    private static bool IsConflict(string state) =>
        state is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.UniqueViolation;
}
