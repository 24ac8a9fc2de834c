using System.Text.Json;

namespace Gateway.Transforms.Compression;

/// <summary>Reads tables back, cell by cell, against the JSON that they were made of. Knows the form only, not how <see cref="JsonTable"/> writes it.</summary>
internal ref struct JsonTableCheck
{
    private readonly ReadOnlySpan<byte> _json;
    private readonly ReadOnlySpan<byte> _text;
    private int _at;

    private JsonTableCheck(ReadOnlySpan<byte> json, ReadOnlySpan<byte> text)
    {
        _json = json;
        _text = text;
    }

    /// <summary>True if <paramref name="text"/> holds every value of <paramref name="json"/>, under its key and in its place, and nothing else.</summary>
    public static bool Same(ReadOnlySpan<byte> json, ReadOnlySpan<byte> text) => new JsonTableCheck(json, text).Run();

    private bool Run()
    {
        var compared = 0;
        var reader = new Utf8JsonReader(_json, JsonTable.AnyDepth);
        while (reader.Read())
        {
            if (reader.TokenType is not JsonTokenType.StartArray) continue;
            var start = (int)reader.TokenStartIndex;
            var textAt = _at + start - compared;
            if (textAt >= _text.Length) return false;
            // Outside of strings, JSON has no "#".
            if (_text[textAt] != (byte)'#') continue;
            if (!Take(_json[compared..start]) || !Table(ref reader)) return false;
            compared = (int)reader.BytesConsumed;
        }

        return _json[compared..].SequenceEqual(_text[_at..]);
    }

    private bool Take(ReadOnlySpan<byte> expected)
    {
        if (!_text[_at..].StartsWith(expected)) return false;
        _at += expected.Length;
        return true;
    }

    // The reader stands on the array's opening bracket and ends on its closing one.
    private bool Table(ref Utf8JsonReader reader)
    {
        var lineEnd = _text[_at..].IndexOf((byte)'\n');
        if (lineEnd < 0) return false;
        var head = _text.Slice(_at, lineEnd);
        _at += lineEnd + 1;
        var columnsAt = head.IndexOf(JsonTable.HeadColumns);
        if (columnsAt < 2 || !System.Buffers.Text.Utf8Parser.TryParse(head[1..columnsAt], out int rows, out _)) return false;
        var columns = head[(columnsAt + JsonTable.HeadColumns.Length)..];
        // Column names hold no ";" without quotes, and no quoted one holds "; every row: {" unescaped.
        var constantsAt = ConstantsAt(columns);
        var constants = constantsAt < 0 ? default : columns[(constantsAt + JsonTable.HeadConstants.Length)..];
        columns = constantsAt < 0 ? columns : columns[..constantsAt];
        for (var row = 0; row < rows; row++)
        {
            if (!reader.Read()) return false;
            var same = reader.TokenType is JsonTokenType.StartObject ? Row(ref reader, columns, constants) : Note(ref reader);
            if (!same) return false;
        }

        return reader.Read() && reader.TokenType is JsonTokenType.EndArray;
    }

    private static int ConstantsAt(ReadOnlySpan<byte> columns)
    {
        var at = 0;
        while (at < columns.Length)
        {
            if (columns[at..].StartsWith(JsonTable.HeadConstants)) return at;
            at += columns[at] == (byte)'"' ? CellLength(columns[at..]) : 1;
        }

        return -1;
    }

    private bool Note(ref Utf8JsonReader reader) =>
        reader.TokenType is JsonTokenType.String && Take(_json[(int)reader.TokenStartIndex..(int)reader.BytesConsumed]) && Take("\n"u8);

    private bool Row(ref Utf8JsonReader reader, ReadOnlySpan<byte> columns, ReadOnlySpan<byte> constants)
    {
        var isFirst = true;
        var rest = constants.IsEmpty ? default : constants[1..];
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var quoted = _json[(int)reader.TokenStartIndex..((int)reader.TokenStartIndex + reader.ValueSpan.Length + 2)];
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            var value = _json[start..(int)reader.BytesConsumed];
            var columnLength = columns.IsEmpty ? 0 : CellLength(columns);
            if (columnLength > 0 && IsName(columns[..columnLength], quoted))
            {
                columns = columnLength == columns.Length ? default : columns[(columnLength + 1)..];
                if (!isFirst && !Take("|"u8)) return false;
                isFirst = false;
                if (!Cell(value)) return false;
            }
            else if (!Constant(ref rest, quoted, value))
            {
                return false;
            }
        }

        return columns.IsEmpty && (rest.IsEmpty || rest.SequenceEqual("}"u8)) && Take("\n"u8);
    }

    private static bool IsName(ReadOnlySpan<byte> column, ReadOnlySpan<byte> quoted) => column[0] == (byte)'"' ? column.SequenceEqual(quoted) : column.SequenceEqual(quoted[1..^1]);

    private bool Cell(ReadOnlySpan<byte> value)
    {
        if (_at == _text.Length) return false;
        var length = CellLength(_text[_at..]);
        var cell = _text.Slice(_at, length);
        _at += length;
        if (cell.IsEmpty) return false;
        if (value[0] != (byte)'"' || cell[0] == (byte)'"') return cell.SequenceEqual(value);
        return cell.SequenceEqual(value[1..^1]) && !JsonTable.IsLiteral(cell);
    }

    private static bool Constant(ref ReadOnlySpan<byte> rest, ReadOnlySpan<byte> quoted, ReadOnlySpan<byte> value)
    {
        if (!rest.StartsWith(quoted)) return false;
        rest = rest[quoted.Length..];
        if (!rest.StartsWith(":"u8) || !rest[1..].StartsWith(value)) return false;
        rest = rest[(1 + value.Length)..];
        if (rest.IsEmpty || rest[0] is not ((byte)',' or (byte)'}')) return false;
        if (rest[0] == (byte)',') rest = rest[1..];
        return true;
    }

    // Up to the next bar or line feed; a quoted cell up to behind its closing quote, an object or array up to behind its bracket.
    private static int CellLength(ReadOnlySpan<byte> text)
    {
        if (text[0] is (byte)'{' or (byte)'[')
        {
            var reader = new Utf8JsonReader(text, JsonTable.AnyDepth);
            reader.Read();
            reader.Skip();
            return (int)reader.BytesConsumed;
        }

        if (text[0] != (byte)'"') return text.IndexOfAny((byte)'|', (byte)'\n') is var end and >= 0 ? end : text.Length;
        var at = 1;
        while (at < text.Length && text[at] != (byte)'"') at += text[at] == (byte)'\\' ? 2 : 1;
        return Math.Min(at + 1, text.Length);
    }
}
