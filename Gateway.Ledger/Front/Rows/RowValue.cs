using Npgsql;
using NpgsqlTypes;

namespace Gateway.Ledger.Front.Rows;

/// <summary>Parameters with the type that the server must see, also where the value is <c>null</c>.</summary>
internal static class RowValue
{
    public static NpgsqlParameter Of(string name, string? value) => With(name, NpgsqlDbType.Text, value);

    public static NpgsqlParameter Of(string name, byte[]? value) => With(name, NpgsqlDbType.Bytea, value);

    public static NpgsqlParameter Of(string name, DateTime? value) => With(name, NpgsqlDbType.TimestampTz, value);

    public static NpgsqlParameter Of(string name, DateOnly value) => With(name, NpgsqlDbType.Date, value);

    public static NpgsqlParameter Of(string name, Guid? value) => With(name, NpgsqlDbType.Uuid, value);

    public static NpgsqlParameter Of(string name, long value) => With(name, NpgsqlDbType.Bigint, value);

    public static NpgsqlParameter Of(string name, int value) => With(name, NpgsqlDbType.Integer, value);

    public static NpgsqlParameter Of(string name, bool value) => With(name, NpgsqlDbType.Boolean, value);

    public static NpgsqlParameter Of(string name, TimeSpan value) => With(name, NpgsqlDbType.Interval, value);

    public static NpgsqlParameter Of(string name, long[] value) => With(name, NpgsqlDbType.Array | NpgsqlDbType.Bigint, value);

    public static NpgsqlParameter Of(string name, string[]? value) => With(name, NpgsqlDbType.Array | NpgsqlDbType.Text, value);

    public static NpgsqlParameter Of(string name, Guid[] value) => With(name, NpgsqlDbType.Array | NpgsqlDbType.Uuid, value);

    /// <summary>A JSON document.</summary>
    public static NpgsqlParameter Json(string name, string? document) => With(name, NpgsqlDbType.Json, document);

    private static NpgsqlParameter With(string name, NpgsqlDbType type, object? value) => new(name, type) { Value = value ?? DBNull.Value };
}
