using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Gateway.Ledger.Book.Postgres;

/// <summary>Opens the database: migrations and grants by the login itself, then a pool whose connections work as <c>gateway_writer</c>.</summary>
internal static partial class PostgresSource
{
    private const string SetRole = "set role gateway_writer";

    /// <summary>The pool of working connections, and the one for heartbeats.</summary>
    /// <exception cref="BookSettingException">The connection string does not lead to a database that this login may set up.</exception>
    /// <exception cref="InvalidOperationException">The database was written by a newer program.</exception>
    public static async Task<(NpgsqlDataSource Work, NpgsqlDataSource Heartbeats)> OpenAsync(string connectionString, DateTimeOffset at, ILogger logger, CancellationToken cancellationToken)
    {
        var setting = PostgresSetting.Parse(connectionString);
        try
        {
            await using var connection = new NpgsqlConnection(setting.ForMigrations());
            await connection.OpenAsync(cancellationToken);
            await PostgresMigrations.ApplyAsync(connection, at, cancellationToken);
            var hasRole = await MakeRoleAsync(connection, logger, cancellationToken);
            return (Build(setting.ForWork(), hasRole), Build(setting.ForHeartbeats(), hasRole));
        }
        catch (Exception exception) when (setting.Explain(exception) is { } explained)
        {
            throw new BookSettingException(explained, exception);
        }
    }

    private static NpgsqlDataSource Build(string connectionString, bool hasRole)
    {
        var source = new NpgsqlDataSourceBuilder(connectionString);
        if (hasRole)
            source.UsePhysicalConnectionInitializer(Enter, EnterAsync);
        return source.Build();
    }

    // Without the right to make roles the gateway works with its login's own rights; the entries' triggers hold all the same.
    private static async Task<bool> MakeRoleAsync(NpgsqlConnection connection, ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            await connection.ExecuteAsync(new CommandDefinition("select make_gateway_role()", cancellationToken: cancellationToken));
        }
        catch (PostgresException denied) when (string.Equals(denied.SqlState, PostgresErrorCodes.InsufficientPrivilege, StringComparison.Ordinal))
        {
            // The role may have been made and granted by someone else: SET ROLE tells.
        }

        try
        {
            await connection.ExecuteAsync(new CommandDefinition($"{SetRole}; select version from schema_version limit 0", cancellationToken: cancellationToken));
            return true;
        }
        catch (PostgresException denied) when (denied.SqlState is PostgresErrorCodes.InsufficientPrivilege or PostgresErrorCodes.InvalidParameterValue)
        {
            LogNoRole(logger, denied.MessageText);
            return false;
        }
    }

    private static void Enter(NpgsqlConnection connection) => connection.Execute(SetRole);

    private static Task EnterAsync(NpgsqlConnection connection) => connection.ExecuteAsync(SetRole);

    [LoggerMessage(20, LogLevel.Warning, "The book is written with all rights of its login, for there is no role gateway_writer that it may use: {Reason}.")]
    private static partial void LogNoRole(ILogger logger, string reason);
}
