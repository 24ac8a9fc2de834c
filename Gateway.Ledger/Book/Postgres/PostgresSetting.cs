using System.Data.Common;
using System.Net.Sockets;
using Npgsql;

namespace Gateway.Ledger.Book.Postgres;

/// <summary>The connection string, and what a failure to connect with it means in the operator's words.</summary>
internal sealed class PostgresSetting
{
    /// <summary>Where the operator writes it.</summary>
    public const string Name = "ConnectionStrings__Ledger";

    private readonly NpgsqlConnectionStringBuilder parts;

    private PostgresSetting(NpgsqlConnectionStringBuilder parts) => this.parts = parts;

    private const int DefaultPoolSize = 40;
    private const int DefaultCommandSeconds = 10;
    private const int HeartbeatPoolSize = 2;
    private const int HeartbeatSeconds = 2;

    private string Server => string.Create(null, $"{parts.Host}:{parts.Port}");

    /// <summary>Reads it.</summary>
    /// <exception cref="BookSettingException">It is none. The message repeats no part of it: a password with an unquoted semicolon is torn into parts.</exception>
    public static PostgresSetting Parse(string connectionString)
    {
        try
        {
            var builder = new NpgsqlConnectionStringBuilder(connectionString);
            if (string.IsNullOrWhiteSpace(builder.Host))
                throw Mistake("names no Host");
            if (string.IsNullOrWhiteSpace(builder.Database) && string.IsNullOrWhiteSpace(builder.Username))
                throw Mistake("names no Database");
            builder.ApplicationName ??= "gateway";
            return new PostgresSetting(builder);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or OverflowException or KeyNotFoundException)
        {
            throw Mistake("cannot be read");
        }
    }

    /// <summary>For the connection that migrates: used once, then closed with its session's locks.</summary>
    public string ForMigrations() => new NpgsqlConnectionStringBuilder(parts.ConnectionString) { Pooling = false }.ConnectionString;

    /// <summary>For the pool of working connections.</summary>
    /// <remarks>
    /// The pool does not reset a session that comes back, for the reset would end its SET ROLE: what uses the pool leaves no state in a session
    /// (<c>set local</c>, transaction locks).
    /// </remarks>
    public string ForWork()
    {
        var work = new NpgsqlConnectionStringBuilder(parts.ConnectionString) { NoResetOnClose = true };

        // Two gateways of the driver's default of 100 would use up a server of the default size.
        var given = new DbConnectionStringBuilder { ConnectionString = parts.ConnectionString };
        if (!given.ContainsKey("Maximum Pool Size"))
            work.MaxPoolSize = DefaultPoolSize;
        if (!given.ContainsKey("Command Timeout"))
            work.CommandTimeout = DefaultCommandSeconds;
        return work.ConnectionString;
    }

    /// <summary>For heartbeats alone: a gateway whose working connections are all busy is not a dead one.</summary>
    public string ForHeartbeats() => new NpgsqlConnectionStringBuilder(parts.ConnectionString)
    {
        NoResetOnClose = true,
        MinPoolSize = 0,
        MaxPoolSize = HeartbeatPoolSize,
        Timeout = HeartbeatSeconds,
        CommandTimeout = HeartbeatSeconds,
    }.ConnectionString;

    /// <summary>The one line for a failure to open; <c>null</c>: it is no fault of the setting.</summary>
    public string? Explain(Exception exception) => exception switch
    {
        PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } =>
            Refused($"{Server} refuses the user \"{parts.Username}\" with this password"),
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } => Refused($"{Server} has no database \"{parts.Database}\""),
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } denied =>
            Refused($"the user \"{parts.Username}\" may not set up the book in \"{parts.Database}\" at {Server} ({OneLine(denied.MessageText)})"),
        PostgresException { SqlState: PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown } => Refused($"{Server} is starting or stopping"),
        PostgresException { SqlState: PostgresErrorCodes.TooManyConnections } => Refused($"{Server} has no connection left"),
        PostgresException => null,
        NpgsqlException { InnerException: SocketException socket } => Refused($"no server answers at {Server} ({OneLine(socket.Message)})"),
        SocketException socket => Refused($"no server answers at {Server} ({OneLine(socket.Message)})"),
        NpgsqlException { InnerException: TimeoutException } or TimeoutException => Refused($"no server answers at {Server} within {parts.Timeout} s"),
        NpgsqlException failed => Refused($"no connection to {Server} as \"{parts.Username}\" ({OneLine(failed.Message)})"),
        _ => null,
    };

    private static BookSettingException Mistake(string what) =>
        new($"{Name}: {what}; expected Host=…;Port=…;Database=…;Username=…;Password=…, with quotes around a value that has a semicolon.");

    private static string Refused(string what) => $"{Name}: {what}.";

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").TrimEnd('.', ' ');
}
