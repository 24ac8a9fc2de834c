using Gateway.Ledger;
using Gateway.Ledger.Book.Sqlite;
using Microsoft.Data.Sqlite;

namespace Gateway.Tests.Book;

/// <summary>A book in a folder of its own that goes with it.</summary>
internal sealed class SqliteFile : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gateway-book-");

    private SqliteFile(TimeProvider? time) => Book = new SqliteBook(Path, Durability.Process, time);

    public string Path => System.IO.Path.Combine(folder.FullName, "data", "gateway.db");

    public SqliteBook Book { get; }

    public static async Task<SqliteFile> OpenAsync(TimeProvider? time = null)
    {
        var file = new SqliteFile(time);
        await file.Book.OpenAsync(default);
        return file;
    }

    public async Task<long> ScalarAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Path};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync() as long? ?? 0;
    }

    public async ValueTask DisposeAsync()
    {
        await Book.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
