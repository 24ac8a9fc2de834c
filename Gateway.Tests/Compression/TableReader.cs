using System.Text;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Compression;

/// <summary>Reads compressed tool output back into JSON, written from the description of the form alone.</summary>
internal sealed class TableReader(string text)
{
    private int _at;

    public static JsonNode? Read(byte[] text)
    {
        var reader = new TableReader(Encoding.UTF8.GetString(text));
        var value = reader.Value();
        if (reader._at != reader.Text.Length) throw new FormatException($"Text behind the value at {reader._at}.");
        return value;
    }

    private string Text { get; } = text;

    private JsonNode? Value() => Text[_at] switch
    {
        '{' => Object(),
        '[' => Array(),
        '#' => Table(),
        _ => JsonNode.Parse(Token()),
    };

    private JsonObject Object()
    {
        var members = new JsonObject();
        _at++;
        while (Text[_at] != '}')
        {
            if (Text[_at] == ',') _at++;
            var name = (string)JsonNode.Parse(Quoted())!;
            Expect(':');
            members.Add(name, Value());
        }

        _at++;
        return members;
    }

    private JsonArray Array()
    {
        var items = new JsonArray();
        _at++;
        while (Text[_at] != ']')
        {
            if (Text[_at] == ',') _at++;
            items.Add(Value());
        }

        _at++;
        return items;
    }

    private JsonArray Table()
    {
        Expect('#');
        var rows = int.Parse(Until(" rows; cols: "));
        var columns = new List<string>();
        do columns.Add(Text[_at] == '"' ? (string)JsonNode.Parse(Quoted())! : Bare('|', ';', '\n'));
        while (Take('|'));
        var constants = new JsonObject();
        if (Take(';'))
        {
            Until(" every row: ");
            constants = Object();
        }

        Expect('\n');
        var items = new JsonArray();
        for (var row = 0; row < rows; row++) items.Add(Row(columns, constants));
        return items;
    }

    private JsonNode Row(List<string> columns, JsonObject constants)
    {
        var row = (JsonObject)constants.DeepClone();
        for (var column = 0; column < columns.Count; column++)
        {
            if (column > 0 && !Take('|'))
            {
                // One quoted cell alone is a note, no row.
                Expect('\n');
                return row[columns[0]]!.DeepClone();
            }

            row[columns[column]] = Text[_at] switch
            {
                '"' => JsonNode.Parse(Quoted()),
                '{' => Object(),
                '[' => Array(),
                _ => Cell(Bare('|', '\n')),
            };
        }

        Expect('\n');
        return row;
    }

    private static JsonNode? Cell(string bare)
    {
        try
        {
            return JsonNode.Parse(bare);
        }
        catch (System.Text.Json.JsonException)
        {
            return JsonValue.Create(bare);
        }
    }

    private string Token() => Text[_at] == '"' ? Quoted() : Bare(',', ']', '}');

    private string Bare(params char[] ends)
    {
        var end = Text.IndexOfAny(ends, _at);
        end = end < 0 ? Text.Length : end;
        var token = Text[_at..end];
        _at = end;
        return token;
    }

    private string Quoted()
    {
        var start = _at++;
        while (Text[_at] != '"') _at += Text[_at] == '\\' ? 2 : 1;
        return Text[start..++_at];
    }

    private string Until(string end)
    {
        var start = _at;
        _at = Text.IndexOf(end, _at, StringComparison.Ordinal);
        var found = Text[start.._at];
        _at += end.Length;
        return found;
    }

    private bool Take(char expected)
    {
        if (Text[_at] != expected) return false;
        _at++;
        return true;
    }

    private void Expect(char expected)
    {
        if (!Take(expected)) throw new FormatException($"'{expected}' expected at {_at}, not '{Text[_at]}'.");
    }
}
