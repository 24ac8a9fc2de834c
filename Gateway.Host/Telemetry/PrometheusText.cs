using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Gateway.Host.Telemetry;

/// <summary>Writes metrics as Prometheus reads them.</summary>
/// <remarks>
/// https://prometheus.io/docs/instrumenting/exposition_formats/, https://prometheus.io/docs/specs/om/open_metrics_spec/.
/// One wrong line makes a scraper drop the whole text. So instruments whose names are the same in Prometheus share a family if they are of one type, and
/// a series is written once; what would clash is left out, and a comment says so.
/// </remarks>
internal sealed class PrometheusText(ArrayBufferWriter<byte> output, MetricsFormat format)
{
    /// <summary>The longest text. Unit: bytes. No family is begun beyond it.</summary>
    public const int MaxBytes = 16 << 20;

    private readonly PrometheusLabels labels = new();
    private readonly HashSet<string> series = new(StringComparer.Ordinal);

    private bool IsOpen => format == MetricsFormat.OpenMetrics;

    /// <summary>Writes all families, in the order of their names, after what is known of the process itself.</summary>
    public void Write(in Batch<Metric> metrics, Resource resource)
    {
        WriteTarget(resource);
        var families = new SortedDictionary<string, List<Metric>>(StringComparer.Ordinal);
        foreach (var metric in metrics)
        {
            if (PrometheusName.Type(metric.MetricType) is { } type)
            {
                var family = PrometheusName.Family(metric.Name, metric.Unit, isGauge: type is "gauge");
                if (!families.TryGetValue(family, out var members))
                    families.Add(family, members = []);
                members.Add(metric);
            }
        }

        foreach (var (family, members) in families)
        {
            if (output.WrittenCount > MaxBytes)
            {
                Remark($"{family} and what comes after it is left out: the text is too long.");
                return;
            }

            WriteFamily(family, members);
        }
    }

    /// <summary>A comment, for people.</summary>
    public void Remark(string remark) => Append($"# {remark}\n");

    /// <summary>Closes the text.</summary>
    public void End()
    {
        if (IsOpen)
            Append("# EOF\n");
    }

    private void WriteTarget(Resource resource)
    {
        labels.Clear();
        foreach (var (name, value) in resource.Attributes)
            labels.Add(name, value);
        Append(IsOpen ? "# TYPE target info\n# HELP target Target metadata\n" : "# TYPE target_info gauge\n# HELP target_info Target metadata\n");
        WriteLine("target_info", "", labels.End(), "", 1);
    }

    private void WriteFamily(string family, List<Metric> members)
    {
        var first = members[0];
        var type = PrometheusName.Type(first.MetricType)!; // Only what has a type became a member.
        var name = type is "counter" ? $"{family}_total" : family;
        WriteHead(IsOpen ? family : name, type, first);
        series.Clear();
        foreach (var metric in members)
        {
            if (!string.Equals(PrometheusName.Type(metric.MetricType), type, StringComparison.Ordinal))
            {
                Remark($"{metric.Name} of {metric.MeterName} is left out: another instrument of another type has its name.");
                continue;
            }

            foreach (ref readonly var point in metric.GetMetricPoints())
            {
                labels.Clear();
                foreach (var (attribute, value) in point.Tags)
                    labels.Add(attribute, value);
                var set = labels.End();
                if (members.Count > 1 && !series.Add(Encoding.UTF8.GetString(set)))
                    Remark($"A series of {metric.Name} of {metric.MeterName} is left out: it is there already.");
                else
                    WritePoint(name, metric, in point, set);
            }
        }
    }

    private void WriteHead(string family, string type, Metric metric)
    {
        Append($"# TYPE {family} {type}\n");
        var unit = PrometheusName.UnitSuffix(metric.Unit, isGauge: type is "gauge");
        if (IsOpen && unit.Length > 0)
            Append($"# UNIT {family} {unit}\n");
        if (metric.Description.Length > 0)
            Append($"# HELP {family} {Escaped(metric.Description)}\n");
    }

    private void WritePoint(string name, Metric metric, in MetricPoint point, ReadOnlySpan<byte> set)
    {
        switch (metric.MetricType)
        {
            case MetricType.LongSum or MetricType.LongSumNonMonotonic:
                WriteLine(name, "", set, "", point.GetSumLong());
                break;
            case MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic:
                WriteLine(name, "", set, "", point.GetSumDouble());
                break;
            case MetricType.LongGauge:
                WriteLine(name, "", set, "", point.GetGaugeLastValueLong());
                break;
            case MetricType.DoubleGauge:
                WriteLine(name, "", set, "", point.GetGaugeLastValueDouble());
                break;
            default:
                WriteHistogram(name, in point, set);
                break;
        }
    }

    private void WriteHistogram(string name, in MetricPoint point, ReadOnlySpan<byte> set)
    {
        // Prometheus counts a bucket with all that are below it.
        long below = 0;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            below += bucket.BucketCount;
            if (!double.IsPositiveInfinity(bucket.ExplicitBound))
                WriteLine(name, "_bucket", set, Number(bucket.ExplicitBound), below);
        }

        // One snapshot has them all: what is in no bucket with a bound is in the last.
        WriteLine(name, "_bucket", set, "+Inf", point.GetHistogramCount());
        WriteLine(name, "_sum", set, "", point.GetHistogramSum());
        WriteLine(name, "_count", set, "", point.GetHistogramCount());
    }

    private void WriteLine(string name, string suffix, ReadOnlySpan<byte> set, string bound, double value)
    {
        WriteSeries(name, suffix, set, bound);
        Append(double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : Number(value));
        Append("\n");
    }

    private void WriteLine(string name, string suffix, ReadOnlySpan<byte> set, string bound, long value)
    {
        WriteSeries(name, suffix, set, bound);
        var room = output.GetSpan(24);
        value.TryFormat(room, out var written, default, CultureInfo.InvariantCulture);
        room[written] = (byte)'\n';
        output.Advance(written + 1);
    }

    private void WriteSeries(string name, string suffix, ReadOnlySpan<byte> set, string bound)
    {
        Append(name);
        Append(suffix);
        if (set.Length > 0 || bound.Length > 0)
        {
            Append("{");
            output.Write(set);
            if (bound.Length > 0)
                Append(set.Length > 0 ? $",le=\"{bound}\"" : $"le=\"{bound}\"");
            Append("}");
        }

        Append(" ");
    }

    // OpenMetrics has a point in every bound: 1.0.
    private string Number(double value)
    {
        if (double.IsNaN(value))
            return "NaN";
        if (double.IsInfinity(value))
            return value > 0 ? "+Inf" : "-Inf";
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        return IsOpen && double.IsInteger(value) && !text.Contains('E', StringComparison.Ordinal) ? $"{text}.0" : text;
    }

    private string Escaped(string text)
    {
        var escaped = text.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);
        return IsOpen ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }

    private void Append(string text) => output.Advance(Encoding.UTF8.GetBytes(text, output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length))));
}

/// <summary>The attributes of one series as labels: <c>a="1",b="2"</c>.</summary>
internal sealed class PrometheusLabels
{
    private readonly List<(string Name, string Value)> pairs = [];
    private readonly Dictionary<string, string> names = new(StringComparer.Ordinal);
    private readonly ArrayBufferWriter<byte> bytes = new(256);

    /// <summary>Begins the next series.</summary>
    public void Clear() => pairs.Clear();

    /// <summary>One more attribute. Where two have one label, their values stand in it one after the other.</summary>
    public void Add(string attribute, object? value)
    {
        if (!names.TryGetValue(attribute, out var name))
            names.Add(attribute, name = PrometheusName.Label(attribute));
        var text = Text(value);
        for (var i = 0; i < pairs.Count; i++)
        {
            if (string.Equals(pairs[i].Name, name, StringComparison.Ordinal))
            {
                CollectionsMarshal.AsSpan(pairs)[i].Value += $";{text}";
                return;
            }
        }

        pairs.Add((name, text));
    }

    /// <summary>The labels; good until the next series.</summary>
    public ReadOnlySpan<byte> End()
    {
        bytes.ResetWrittenCount();
        foreach (var (name, value) in pairs)
        {
            if (bytes.WrittenCount > 0)
                bytes.Write(","u8);
            Append(name);
            bytes.Write("=\""u8);
            Append(value.AsSpan().ContainsAny("\\\"\n") ? Escaped(value) : value);
            bytes.Write("\""u8);
        }

        return bytes.WrittenSpan;
    }

    private static string Text(object? value) => value switch
    {
        null => "",
        string text => text,
        bool yes => yes ? "true" : "false",
        IFormattable number => number.ToString(format: null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private static string Escaped(string value) =>
        value.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);

    private void Append(string text) => bytes.Advance(Encoding.UTF8.GetBytes(text, bytes.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length))));
}
