using System.Globalization;
using Dapper;
using Npgsql;

namespace Gateway.Ledger.Book.Postgres;

/// <summary>Brings the database to this program's schema: numbered files, each in its own transaction, one gateway at a time.</summary>
internal static class PostgresMigrations
{
    private const string Folder = "Book/Postgres/Migrations/";

    // Any number: it names this lock among the advisory locks of the database. Held by the session, which ends with the migrations.
    private const long LockKey = 0x6761746577617901;

    /// <summary>Applies what is missing, and waits for another gateway that is at it.</summary>
    /// <exception cref="BookSettingException">The database was written by a newer program.</exception>
    public static async Task ApplyAsync(NpgsqlConnection connection, DateTimeOffset at, CancellationToken cancellationToken)
    {
        await ExecuteAsync(connection, "select pg_advisory_lock(@LockKey)", new { LockKey }, cancellationToken);
        var applied = await VersionsAsync(connection, cancellationToken);
        var has = applied.Count == 0 ? 0 : applied.Max();
        var migrations = EmbeddedText.List(Folder).Select(static path => (Path: path, Version: VersionOf(path))).ToArray();
        var knows = migrations[^1].Version;
        if (has > knows)
        {
            throw new BookSettingException(
                $"ConnectionStrings__Ledger: the database \"{connection.Database}\" has schema version {has}, and this program knows versions up to {knows}: start the newer program, or restore the database from before its upgrade.");
        }

        // Numbers may have gaps, and a gap may be filled later: what counts is whether this one was applied.
        foreach (var migration in migrations.Where(migration => !applied.Contains(migration.Version)))
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await ExecuteAsync(connection, EmbeddedText.Read(migration.Path), parameters: null, cancellationToken);
            await ExecuteAsync(
                connection, "insert into schema_version (version, applied_at) values (@Version, @at)", new { migration.Version, at = at.UtcDateTime }, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
    }

    // Looks before it creates: a login that may only work on the tables opens a book that is up to date.
    private static async Task<HashSet<long>> VersionsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var exists = await connection.ExecuteScalarAsync<bool>(
            new CommandDefinition("select to_regclass('schema_version') is not null", cancellationToken: cancellationToken));
        if (!exists)
        {
            await ExecuteAsync(
                connection, "create table schema_version (version bigint primary key, applied_at timestamptz not null)", parameters: null, cancellationToken);
        }

        return (await connection.QueryAsync<long>(new CommandDefinition("select version from schema_version", cancellationToken: cancellationToken))).ToHashSet();
    }

    // No limit of time: a later migration may rewrite a large table, and another gateway waits for it.
    private static Task ExecuteAsync(NpgsqlConnection connection, string sql, object? parameters, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition(sql, parameters, commandTimeout: 0, cancellationToken: cancellationToken));

    private static long VersionOf(string path) =>
        long.Parse(path.AsSpan(Folder.Length, 4), NumberStyles.None, CultureInfo.InvariantCulture);
}
