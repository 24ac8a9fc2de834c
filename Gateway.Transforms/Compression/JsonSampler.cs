using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Compression;

/// <summary>
/// Aggressive, for JSON in tool output: drops members that say nothing, cuts long strings, and keeps of a long array its first ten and last five items,
/// each with a severity word, and the outliers; a note in the array says how many are gone.
/// </summary>
internal ref struct JsonSampler
{
    private const int LongestWhole = 30;
    private const int KeptFirst = 10;
    private const int KeptLast = 5;
    private const int MostDepth = 64;
    private const int MostPasses = 16;

    private readonly PooledBuffer _output;
    private long _work;

    private JsonSampler(PooledBuffer output, int length)
    {
        _output = output;
        _work = (long)length * MostPasses;
    }

    /// <summary>Appends the JSON, sampled.</summary>
    /// <param name="json">JSON without insignificant white space.</param>
    /// <param name="output">Receives JSON.</param>
    public static void Write(ReadOnlySpan<byte> json, PooledBuffer output) => new JsonSampler(output, json.Length).WriteValue(json, depth: 0);

    /// <summary>True for the note that stands in a sampled array, without its quotes.</summary>
    public static bool IsNote(ReadOnlySpan<byte> text) => text.StartsWith("["u8) && text.EndsWith(" items omitted]"u8);

    private void WriteValue(ReadOnlySpan<byte> value, int depth)
    {
        _work -= value.Length;
        if (value[0] == (byte)'"') JsonStringCut.Write(value, _output);
        else if (depth == MostDepth || _work <= 0) _output.Write(value);
        else if (value[0] == (byte)'{') WriteObject(value, depth);
        else if (value[0] == (byte)'[') WriteArray(value, depth);
        else _output.Write(value);
    }

    private void WriteObject(ReadOnlySpan<byte> json, int depth)
    {
        _output.Write("{"u8);
        var isFirst = true;
        var reader = new Utf8JsonReader(json, JsonTable.AnyDepth);
        reader.Read();
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var nameStart = (int)reader.TokenStartIndex;
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            var value = json[start..(int)reader.BytesConsumed];
            if (value.SequenceEqual("null"u8) || value.SequenceEqual("\"\""u8) || value.SequenceEqual("[]"u8)) continue;
            if (!isFirst) _output.Write(","u8);
            isFirst = false;
            _output.Write(json[nameStart..start]);
            WriteValue(value, depth + 1);
        }

        _output.Write("}"u8);
    }

    private void WriteArray(ReadOnlySpan<byte> json, int depth)
    {
        var items = new List<JsonCell>();
        var isSampled = false;
        var reader = new Utf8JsonReader(json, JsonTable.AnyDepth);
        reader.Read();
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            isSampled |= reader.TokenType is JsonTokenType.String && IsNote(reader.ValueSpan);
            reader.Skip();
            items.Add(new JsonCell(start, (int)reader.BytesConsumed - start));
        }

        _output.Write("["u8);
        if (items.Count <= LongestWhole || isSampled) WriteItems(json, items, depth);
        else WriteSample(json, CollectionsMarshal.AsSpan(items), depth);
        _output.Write("]"u8);
    }

    private void WriteItems(ReadOnlySpan<byte> json, List<JsonCell> items, int depth)
    {
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0) _output.Write(","u8);
            WriteValue(items[i].Of(json), depth + 1);
        }
    }

    private void WriteSample(ReadOnlySpan<byte> json, ReadOnlySpan<JsonCell> items, int depth)
    {
        var keeps = ArrayPool<bool>.Shared.Rent(items.Length);
        try
        {
            var kept = 0;
            JsonOutliers.Mark(json, items, keeps.AsSpan(0, items.Length));
            for (var i = 0; i < items.Length; i++)
            {
                if (i >= KeptFirst && i < items.Length - KeptLast && !keeps[i] && !JsonSeverity.Marks(items[i].Of(json))) continue;
                if (kept++ > 0) _output.Write(","u8);
                WriteValue(items[i].Of(json), depth + 1);
            }

            if (kept == items.Length) return;
            Span<byte> note = stackalloc byte[Marker.Longest];
            _output.Write(note[..Marker.Write(note, ",\"["u8, items.Length - kept, " of "u8)]);
            _output.Write(note[..Marker.Write(note, default, items.Length, " items omitted]\""u8)]);
        }
        finally
        {
            ArrayPool<bool>.Shared.Return(keeps);
        }
    }
}
