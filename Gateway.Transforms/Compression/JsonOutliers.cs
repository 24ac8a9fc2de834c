using System.Buffers.Text;
using System.Text.Json;

namespace Gateway.Transforms.Compression;

/// <summary>Finds the rows of an array whose numbers stand out: more than three standard deviations from the mean of their key.</summary>
internal ref struct JsonOutliers
{
    /// <summary>Most rows that are kept as outliers.</summary>
    public const int MostRows = 40;

    private const int MostKeys = 16;
    private const double Deviations = 3;

    private readonly ReadOnlySpan<byte> _json;
    private readonly Span<JsonCell> _keys;
    private readonly Span<Moments> _moments;
    private int _count;

    private JsonOutliers(ReadOnlySpan<byte> json, Span<JsonCell> keys, Span<Moments> moments)
    {
        _json = json;
        _keys = keys;
        _moments = moments;
    }

    private enum Pass
    {
        Mean,
        Variance,
        Mark,
    }

    /// <summary>Sets the places of outliers, at most the first <see cref="MostRows"/>, to true and all others to false.</summary>
    /// <remarks>Two passes in the order of the rows: the sums are the same on every machine.</remarks>
    public static void Mark(ReadOnlySpan<byte> json, ReadOnlySpan<JsonCell> items, Span<bool> marks)
    {
        var outliers = new JsonOutliers(json, stackalloc JsonCell[MostKeys], stackalloc Moments[MostKeys]);
        foreach (var item in items) outliers.Row(item, Pass.Mean);
        if (outliers._count == 0)
        {
            marks.Clear();
            return;
        }

        foreach (var item in items) outliers.Row(item, Pass.Variance);
        var marked = 0;
        for (var i = 0; i < items.Length; i++)
        {
            marks[i] = marked < MostRows && outliers.Row(items[i], Pass.Mark);
            if (marks[i]) marked++;
        }
    }

    private bool Row(JsonCell item, Pass pass)
    {
        var row = item.Of(_json);
        if (row[0] != (byte)'{') return row[0] is (byte)'-' or (>= (byte)'0' and <= (byte)'9') && Number(default, row, pass);
        var stands = false;
        var reader = new Utf8JsonReader(row, JsonTable.AnyDepth);
        reader.Read();
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var key = new JsonCell(item.Offset + (int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
            reader.Read();
            if (reader.TokenType is JsonTokenType.Number) stands |= Number(key, reader.ValueSpan, pass);
            reader.Skip();
        }

        return stands;
    }

    private bool Number(JsonCell key, ReadOnlySpan<byte> text, Pass pass)
    {
        if (!Utf8Parser.TryParse(text, out double value, out _) || !double.IsFinite(value)) return false;
        var index = Find(key, adds: pass is Pass.Mean);
        if (index < 0) return false;
        ref var moments = ref _moments[index];
        switch (pass)
        {
            case Pass.Mean:
                moments.Count++;
                moments.Sum += value;
                return false;
            case Pass.Variance:
                moments.Squares += Square(value - moments.Mean);
                return false;
            default:
                var variance = moments.Squares / moments.Count;
                return variance > 0 && Square(value - moments.Mean) > Deviations * Deviations * variance;
        }
    }

    private int Find(JsonCell key, bool adds)
    {
        for (var i = 0; i < _count; i++)
            if (_keys[i].Of(_json).SequenceEqual(key.Of(_json))) return i;
        if (!adds || _count == MostKeys) return -1;
        _keys[_count] = key;
        return _count++;
    }

    private static double Square(double value) => value * value;

    private struct Moments
    {
        public long Count;
        public double Sum;
        public double Squares;

        public readonly double Mean => Sum / Count;
    }
}
