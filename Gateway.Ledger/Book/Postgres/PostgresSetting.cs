using System.Net.Sockets;
using Npgsql;

namespace Gateway.Ledger.Book.Postgres;

/// <summary>The connection string, and what a failure to connect with it means in the operator's words.</summary>
internal sealed class PostgresSetting
{
    /// <summary>Where the operator writes it.</summary>
    public const string Name = "ConnectionStrings__Ledger";

    private readonly NpgsqlConnectionStringBuilder builder;

    private PostgresSetting(NpgsqlConnectionStringBuilder builder) => this.builder = builder;

    private string Server => string.Create(null, $"{builder.Host}:{builder.Port}");

    /// <summary>Reads it.</summary>
    /// <exception cref="BookSettingException">It is none. The message repeats no part of it: a password with an unquoted semicolon is torn into parts.</exception>
    public static PostgresSetting Parse(string connectionString)
    {
        try
        {
            var builder = new NpgsqlConnectionStringBuilder(connectionString);
            if (string.IsNullOrWhiteSpace(builder.Host))
                throw Mistake("names no Host", inner: null);
            if (string.IsNullOrWhiteSpace(builder.Database) && string.IsNullOrWhiteSpace(builder.Username))
                throw Mistake("names no Database", inner: null);
            builder.ApplicationName ??= "gateway";
            return new PostgresSetting(builder);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or OverflowException or KeyNotFoundException)
        {
            throw Mistake("cannot be read", inner: null);
        }
    }

    /// <summary>For the connection that migrates: used once, then closed with its session's locks.</summary>
    public string ForMigrations() => new NpgsqlConnectionStringBuilder(builder.ConnectionString) { Pooling = false }.ConnectionString;

    /// <summary>For the pool of working connections.</summary>
    /// <remarks>
    /// The pool does not reset a session that comes back, for the reset would end its SET ROLE: what uses the pool leaves no state in a session
    /// (<c>set local</c>, transaction locks).
    /// </remarks>
    public string ForWork() =>
        new NpgsqlConnectionStringBuilder(builder.ConnectionString) { NoResetOnClose = true }.ConnectionString;

    /// <summary>The one line for a failure to open; <c>null</c>: it is no fault of the setting.</summary>
    public BookSettingException? Explain(Exception exception) => exception switch
    {
        PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } =>
            Refused($"{Server} refuses the user \"{builder.Username}\" with this password", exception),
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } => Refused($"{Server} has no database \"{builder.Database}\"", exception),
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } denied =>
            Refused($"the user \"{builder.Username}\" may not set up the book in \"{builder.Database}\" at {Server} ({OneLine(denied.MessageText)})", exception),
        PostgresException { SqlState: PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown } => Refused($"{Server} is starting or stopping", exception),
        PostgresException { SqlState: PostgresErrorCodes.TooManyConnections } => Refused($"{Server} has no connection left", exception),
        PostgresException => null,
        NpgsqlException { InnerException: SocketException socket } => Refused($"no server answers at {Server} ({OneLine(socket.Message)})", exception),
        SocketException socket => Refused($"no server answers at {Server} ({OneLine(socket.Message)})", exception),
        NpgsqlException { InnerException: TimeoutException } or TimeoutException => Refused($"no server answers at {Server} within {builder.Timeout} s", exception),
        NpgsqlException failed => Refused($"no connection to {Server} as \"{builder.Username}\" ({OneLine(failed.Message)})", exception),
        _ => null,
    };

    private static BookSettingException Mistake(string what, Exception? inner) =>
        new($"{Name}: {what}; expected Host=…;Port=…;Database=…;Username=…;Password=…, with quotes around a value that has a semicolon.", inner);

    private static BookSettingException Refused(string what, Exception inner) => new($"{Name}: {what}.", inner);

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").TrimEnd('.', ' ');
}
