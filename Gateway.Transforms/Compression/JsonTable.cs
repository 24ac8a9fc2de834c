using System.Buffers;
using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Compression;

/// <summary>
/// Medium, for JSON in tool output: an array of three objects or more with the same keys becomes a table where it stands.
/// <code>#3 rows; cols: name|size; every row: {"type":"file"}
/// a.cs|120
/// b.cs|98
/// "c|d.cs"|7
/// </code>
/// </summary>
/// <remarks>
/// Cells are the raw JSON values, objects and arrays included; a string loses its quotes where it cannot be taken for anything else. Columns with one
/// value for all rows are named in the head. A row of one quoted cell, where there are more columns, is a note of <see cref="JsonSampler"/>.
/// </remarks>
internal ref struct JsonTable
{
    internal const int MostColumns = 64;
    internal static readonly JsonReaderOptions AnyDepth = new() { MaxDepth = int.MaxValue };

    private const int LeastRows = 3;
    // Nested arrays that are no tables are read once for each level around them; beyond this many passes the rest is copied.
    private const int MostPasses = 8;

    private static readonly SearchValues<byte> Unsafe = SearchValues.Create("|\n\"\\;"u8);

    private readonly ReadOnlySpan<byte> _json;
    private readonly PooledBuffer _output;
    private readonly List<JsonCell> _cells;
    private readonly JsonColumn[] _columns;
    private long _work;

    private JsonTable(ReadOnlySpan<byte> json, PooledBuffer output, JsonColumn[] columns, List<JsonCell> cells)
    {
        _json = json;
        _output = output;
        _columns = columns;
        _cells = cells;
        _work = (long)json.Length * MostPasses;
    }

    internal static ReadOnlySpan<byte> HeadColumns => " rows; cols: "u8;

    internal static ReadOnlySpan<byte> HeadConstants => "; every row: "u8;

    /// <summary>True if the text starts as JSON or a table does, and holds the head of a table.</summary>
    public static bool Occurs(ReadOnlySpan<byte> text)
    {
        if (text[0] is not ((byte)'{' or (byte)'[' or (byte)'#')) return false;
        var at = text.IndexOf(HeadColumns);
        if (at <= 0) return false;
        var hash = text[..at].LastIndexOf((byte)'#');
        return hash >= 0 && hash < at - 1 && text[(hash + 1)..at].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;
    }

    /// <summary>Appends JSON with its uniform arrays as tables, and returns how many there were.</summary>
    /// <param name="json">JSON without insignificant white space.</param>
    /// <param name="output">Receives the text.</param>
    public static int Write(ReadOnlySpan<byte> json, PooledBuffer output)
    {
        var columns = ArrayPool<JsonColumn>.Shared.Rent(MostColumns);
        try
        {
            return new JsonTable(json, output, columns, []).WriteAll();
        }
        finally
        {
            ArrayPool<JsonColumn>.Shared.Return(columns);
        }
    }

    private int WriteAll()
    {
        var tables = 0;
        var copied = 0;
        var at = 0;
        // "[{" outside of a string is an array of objects; inside of one it is skipped by the reader.
        if (_json.IndexOf("[{"u8) < 0)
        {
            _output.Write(_json);
            return 0;
        }

        var reader = new Utf8JsonReader(_json, AnyDepth);
        while (reader.Read())
        {
            if (reader.TokenType is not JsonTokenType.StartArray) continue;
            at = (int)reader.TokenStartIndex;
            if (_json[at + 1] != (byte)'{' || _work <= 0) continue;
            var length = ReadRows(_json[at..], out var rows, out var columns);
            if (length == 0) continue;
            _output.Write(_json[copied..at]);
            var start = _output.Length;
            WriteTable(_json[at..], rows, columns);
            copied = at;
            if (_output.Length - start < length)
            {
                copied = at + length;
                tables++;
            }
            else
            {
                _output.Truncate(start);
            }

            reader.Skip();
        }

        _output.Write(_json[copied..]);
        return tables;
    }

    // Length of the array if it is a table, otherwise 0.
    private int ReadRows(ReadOnlySpan<byte> json, out int rows, out int columns)
    {
        _cells.Clear();
        rows = columns = 0;
        var reader = new Utf8JsonReader(json, AnyDepth);
        reader.Read();
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            var isRow = reader.TokenType is JsonTokenType.StartObject
                ? ReadRow(json, ref reader, rows, ref columns)
                : columns > 1 && JsonSampler.IsNote(reader.ValueSpan) && AddNote(ref reader, columns);
            if (!isRow)
            {
                _work -= reader.BytesConsumed;
                return 0;
            }

            rows++;
        }

        _work -= reader.BytesConsumed;
        return rows >= LeastRows && HasVarying(columns) ? (int)reader.BytesConsumed : 0;
    }

    private readonly bool ReadRow(ReadOnlySpan<byte> json, ref Utf8JsonReader reader, int row, ref int columns)
    {
        var column = 0;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            if (column == MostColumns || (row > 0 && column == columns)) return false;
            var name = new JsonCell((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            var cell = new JsonCell(start, (int)reader.BytesConsumed - start);
            if (row == 0)
            {
                _columns[column] = new JsonColumn(name) { IsConstant = true, First = cell };
            }
            else
            {
                ref var known = ref _columns[column];
                if (!name.Of(json).SequenceEqual(known.Name.Of(json))) return false;
                known.IsConstant = known.IsConstant && cell.Of(json).SequenceEqual(known.First.Of(json));
            }

            _cells.Add(cell);
            column++;
        }

        if (row > 0 && column != columns) return false;
        columns = column;
        return column > 0;
    }

    // A note takes the place of a row: its first cell holds it, the others are empty.
    private readonly bool AddNote(ref Utf8JsonReader reader, int columns)
    {
        _cells.Add(new JsonCell((int)reader.TokenStartIndex, reader.ValueSpan.Length + 2));
        for (var i = 1; i < columns; i++) _cells.Add(default);
        return true;
    }

    private readonly bool HasVarying(int columns)
    {
        foreach (ref readonly var column in _columns.AsSpan(0, columns))
            if (!column.IsConstant) return true;
        return false;
    }

    private readonly void WriteTable(ReadOnlySpan<byte> json, int rows, int columns)
    {
        WriteHead(json, rows, columns);
        for (var row = 0; row < rows; row++)
        {
            var cells = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_cells).Slice(row * columns, columns);
            if (columns > 1 && cells[1].Length == 0)
            {
                _output.Write(cells[0].Of(json));
                _output.Write("\n"u8);
                continue;
            }

            var isFirst = true;
            for (var column = 0; column < columns; column++)
            {
                if (_columns[column].IsConstant) continue;
                if (!isFirst) _output.Write("|"u8);
                WriteCell(cells[column].Of(json), _output);
                isFirst = false;
            }

            _output.Write("\n"u8);
        }
    }

    private readonly void WriteHead(ReadOnlySpan<byte> json, int rows, int columns)
    {
        Span<byte> head = stackalloc byte[Marker.Longest];
        _output.Write(head[..Marker.Write(head, "#"u8, rows, HeadColumns)]);
        var varying = 0;
        foreach (ref readonly var column in _columns.AsSpan(0, columns))
        {
            if (column.IsConstant) continue;
            if (varying++ > 0) _output.Write("|"u8);
            WriteName(column.Name, json, _output);
        }

        var constants = 0;
        foreach (ref readonly var column in _columns.AsSpan(0, columns))
        {
            if (!column.IsConstant) continue;
            _output.Write(constants++ == 0 ? HeadConstants : ","u8);
            if (constants == 1) _output.Write("{"u8);
            _output.Write(json.Slice(column.Name.Offset - 1, column.Name.Length + 2));
            _output.Write(":"u8);
            _output.Write(column.First.Of(json));
        }

        if (constants > 0) _output.Write("}"u8);
        _output.Write("\n"u8);
    }

    private static void WriteName(JsonCell name, ReadOnlySpan<byte> json, PooledBuffer output)
    {
        var bare = name.Of(json);
        output.Write(IsSafe(bare) ? bare : json.Slice(name.Offset - 1, name.Length + 2));
    }

    private static void WriteCell(ReadOnlySpan<byte> raw, PooledBuffer output)
    {
        if (raw[0] == (byte)'"' && raw[1..^1] is var bare && IsSafe(bare) && !IsLiteral(bare)) output.Write(bare);
        else output.Write(raw);
    }

    /// <summary>True if a string without its quotes still ends where it ends.</summary>
    private static bool IsSafe(ReadOnlySpan<byte> bare) =>
        !bare.IsEmpty && bare.IndexOfAny(Unsafe) < 0 && bare[0] is not ((byte)' ' or (byte)'[' or (byte)'{' or (byte)'#') && bare[^1] != (byte)' ';

    /// <summary>True if a cell without quotes would be read as a number, a Boolean or null.</summary>
    internal static bool IsLiteral(ReadOnlySpan<byte> cell)
    {
        if (cell.SequenceEqual("true"u8) || cell.SequenceEqual("false"u8) || cell.SequenceEqual("null"u8)) return true;
        return cell[0] is (byte)'-' or (>= (byte)'0' and <= (byte)'9') && cell.IndexOfAnyExcept("0123456789+-.eE"u8) < 0;
    }
}

/// <summary>Where a value stands in an array. Unit: bytes.</summary>
internal readonly record struct JsonCell(int Offset, int Length)
{
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> json) => json.Slice(Offset, Length);
}

/// <summary>A column of a table that may be.</summary>
internal struct JsonColumn(JsonCell name)
{
    /// <summary>The name without quotes, as it is escaped.</summary>
    public readonly JsonCell Name = name;

    /// <summary>The first row's value.</summary>
    public JsonCell First;

    /// <summary>True while every row has the first row's value.</summary>
    public bool IsConstant;
}
