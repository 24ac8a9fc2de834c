using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Gateway.Ledger.Book.Sqlite;

/// <summary>Brings the file to this program's schema: numbered files, each in its own transaction.</summary>
internal static class SqliteMigrations
{
    private const string Folder = "Book/Sqlite/Migrations/";

    /// <summary>Applies what is missing.</summary>
    /// <exception cref="BookSettingException">The file was written by a newer program.</exception>
    public static async Task ApplyAsync(SqliteConnection connection, string file, DateTimeOffset at, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(new CommandDefinition(
            "create table if not exists schema_version (version integer primary key, applied_at integer not null)",
            cancellationToken: cancellationToken));
        var applied = (await connection.QueryAsync<long>(new CommandDefinition(
            "select version from schema_version",
            cancellationToken: cancellationToken))).ToHashSet();
        var has = applied.Count == 0 ? 0 : applied.Max();
        var migrations = EmbeddedText.List(Folder).Select(static path => (Path: path, Version: VersionOf(path))).ToArray();
        var knows = migrations[^1].Version;
        if (has > knows)
        {
            throw new BookSettingException(
                $"ConnectionStrings__Ledger: {file} has schema version {has}, and this program knows versions up to {knows}: start the newer program, or restore the file from before its upgrade.");
        }

        // Numbers may have gaps, and a gap may be filled later: what counts is whether this one was applied.
        foreach (var migration in migrations.Where(migration => !applied.Contains(migration.Version)))
        {
            await using var transaction = connection.BeginTransaction(deferred: false);
            await connection.ExecuteAsync(new CommandDefinition(EmbeddedText.Read(migration.Path), transaction: transaction, cancellationToken: cancellationToken));
            await connection.ExecuteAsync(new CommandDefinition(
                "insert into schema_version (version, applied_at) values (@Version, @at)",
                new { migration.Version, at = Micros.Of(at) },
                transaction,
                cancellationToken: cancellationToken));
            await transaction.CommitAsync(cancellationToken);
        }
    }

    private static long VersionOf(string path) =>
        long.Parse(path.AsSpan(Folder.Length, 4), NumberStyles.None, CultureInfo.InvariantCulture);
}
