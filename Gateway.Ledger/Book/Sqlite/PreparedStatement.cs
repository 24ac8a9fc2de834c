using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Gateway.Ledger.Book.Sqlite;

/// <summary>One statement, compiled once for the writer's connection; values are bound in the order in which the SQL first names its parameters.</summary>
/// <remarks>For the inner loop of a batch only. A <see cref="SqliteCommand"/> looks each parameter up by name and boxes its value at every execution.</remarks>
internal sealed class PreparedStatement : IDisposable
{
    // Longer text is rare, and then the driver's own copy does.
    private const int MaxStackBytes = 512;

    private readonly sqlite3 database;
    private readonly sqlite3_stmt statement;
    private int bound;

    public PreparedStatement(SqliteConnection connection, string sql)
    {
        database = connection.Handle ?? throw new InvalidOperationException("The connection is closed.");
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v2(database, sql, out statement), database);
    }

    /// <summary>Binds the next parameter.</summary>
    public PreparedStatement Bind(long value) => Checked(raw.sqlite3_bind_int64(statement, ++bound, value));

    /// <inheritdoc cref="Bind(long)"/>
    public PreparedStatement Bind(string? value)
    {
        if (value is null)
            return Checked(raw.sqlite3_bind_null(statement, ++bound));

        Span<byte> utf8 = stackalloc byte[MaxStackBytes];
        return Encoding.UTF8.TryGetBytes(value, utf8, out var written)
            ? BindText(utf8[..written])
            : Checked(raw.sqlite3_bind_text(statement, ++bound, value));
    }

    /// <summary>Binds the next parameter to UTF-8 text.</summary>
    public PreparedStatement BindText(ReadOnlySpan<byte> utf8) => Checked(raw.sqlite3_bind_text(statement, ++bound, utf8));

    /// <summary>Binds the next parameter to bytes.</summary>
    public PreparedStatement BindBlob(ReadOnlySpan<byte> bytes) => Checked(raw.sqlite3_bind_blob(statement, ++bound, bytes));

    /// <summary>Runs it and returns how many rows it changed.</summary>
    /// <exception cref="SqliteException">A constraint, or the disk.</exception>
    public int Execute()
    {
        bound = 0;
        var code = raw.sqlite3_step(statement);
        var reset = raw.sqlite3_reset(statement);
        if (code != raw.SQLITE_DONE)
            SqliteException.ThrowExceptionForRC(reset == raw.SQLITE_OK ? code : reset, database);
        return raw.sqlite3_changes(database);
    }

    public void Dispose() => statement.Dispose();

    private PreparedStatement Checked(int code)
    {
        SqliteException.ThrowExceptionForRC(code, database);
        return this;
    }
}
