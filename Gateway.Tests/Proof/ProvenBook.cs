using System.Security.Cryptography;
using Gateway.Ledger;
using Gateway.Ledger.Book.Sqlite;
using Gateway.Ledger.Proof;
using Microsoft.Data.Sqlite;

namespace Gateway.Tests.Proof;

/// <summary>A signed book in a folder of its own, and the hands of somebody who changes its file.</summary>
internal sealed class ProvenBook : IAsyncDisposable
{
    public static readonly byte[] Seed = SHA256.HashData("one"u8);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gateway-proof-");

    private ProvenBook(TimeProvider? time) => Book = new SqliteBook(Path, Durability.Process, time, Keys);

    public string Folder => folder.FullName;

    public string Path => System.IO.Path.Combine(folder.FullName, "data", "gateway.db");

    public ReceiptKeys Keys { get; } = ReceiptKeys.Derive([Seed]);

    public SqliteBook Book { get; }

    public ProofHistory History => new(Book);

    public static async Task<ProvenBook> OpenAsync(TimeProvider? time = null)
    {
        var proven = new ProvenBook(time);
        await proven.Book.OpenAsync(default);
        return proven;
    }

    /// <summary>The checks that found something, with the first difference of each.</summary>
    public async Task<IReadOnlyList<CheckResult>> DifferencesAsync(ReceiptKeys? keys = null, Func<CancellationToken, Task<FrontFindings>>? front = null)
    {
        var results = new List<CheckResult>();
        await foreach (var result in new LedgerVerifier(new SqliteProof(Path), keys ?? Keys, front).RunAsync(default))
            results.Add(result);
        return [.. results.Where(static result => result.First is not null)];
    }

    /// <summary>Changes the file with every trigger out of the way.</summary>
    public Task TamperAsync(string sql) => TamperAsync(Path, sql);

    /// <inheritdoc cref="TamperAsync(string)"/>
    public static async Task TamperAsync(string path, string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "select name from sqlite_master where type = 'trigger'";
        var drops = new List<string>();
        await using (var names = await command.ExecuteReaderAsync())
        {
            while (await names.ReadAsync())
                drops.Add($"drop trigger {names.GetString(0)};");
        }

        command.CommandText = string.Concat(drops) + sql;
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Book.DisposeAsync();
        Keys.Dispose();
        folder.Delete(recursive: true);
    }
}
