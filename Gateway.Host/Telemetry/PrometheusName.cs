using System.Text;
using OpenTelemetry.Metrics;

namespace Gateway.Host.Telemetry;

/// <summary>What an instrument and an attribute of OpenTelemetry are called in Prometheus.</summary>
/// <remarks>https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/: units and <c>_total</c> are suffixes.</remarks>
internal static class PrometheusName
{
    private const string Total = "_total";

    /// <summary>The family of a metric, without <c>_total</c>: <c>gateway.ledger.spool.size</c> in By is <c>gateway_ledger_spool_size_bytes</c>.</summary>
    /// <param name="name">The instrument's name.</param>
    /// <param name="unit">Its unit, in UCUM's letters.</param>
    /// <param name="isGauge">Whether it goes up and down: a ratio is named so only then.</param>
    public static string Family(string name, string unit, bool isGauge)
    {
        var family = Clean(name, allowColon: true);
        if (family.EndsWith(Total, StringComparison.Ordinal))
            family = family[..^Total.Length];
        var suffix = UnitSuffix(unit, isGauge);
        return suffix.Length == 0 || EndsWithWord(family, suffix) ? family : $"{family}_{suffix}";
    }

    /// <summary>The label of an attribute: <c>http.response.status_code</c> is <c>http_response_status_code</c>.</summary>
    public static string Label(string attribute) => Clean(attribute, allowColon: false);

    /// <summary>What a unit adds to a name; empty: nothing.</summary>
    public static string UnitSuffix(string unit, bool isGauge)
    {
        // A remark in braces, as {request}, says what is counted: it is no unit.
        var brace = unit.IndexOf('{', StringComparison.Ordinal);
        if (brace >= 0)
            unit = unit.IndexOf('}', brace) is > 0 and var end ? unit.Remove(brace, end + 1 - brace) : unit[..brace];
        var slash = unit.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
            return unit is "1" ? isGauge ? "ratio" : "" : Word(unit);

        var (over, under) = (Word(unit[..slash]), PerWord(unit[(slash + 1)..]));
        if (under.Length == 0)
            return over;
        return over.Length == 0 ? $"per_{under}" : $"{over}_per_{under}";
    }

    /// <summary>How Prometheus counts a metric; <c>null</c>: it has no form for it.</summary>
    public static string? Type(MetricType type) => type switch
    {
        MetricType.LongSum or MetricType.DoubleSum => "counter",
        MetricType.LongGauge or MetricType.DoubleGauge or MetricType.LongSumNonMonotonic or MetricType.DoubleSumNonMonotonic => "gauge",
        MetricType.Histogram => "histogram",
        _ => null,
    };

    private static bool EndsWithWord(string name, string word) =>
        name.EndsWith(word, StringComparison.Ordinal) && (name.Length == word.Length || name[^(word.Length + 1)] == '_');

    private static string Word(string unit) => unit switch
    {
        "d" => "days",
        "h" => "hours",
        "min" => "minutes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "By" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "GiBy" => "gibibytes",
        "%" => "percent",
        "1" => "",
        _ => Clean(unit, allowColon: false).Trim('_'),
    };

    private static string PerWord(string unit) => unit switch
    {
        "s" => "second",
        "m" or "min" => "minute",
        "h" => "hour",
        "d" => "day",
        _ => Word(unit),
    };

    // Letters, digits and single underscores, no digit first.
    private static string Clean(string name, bool allowColon)
    {
        var clean = new StringBuilder(name.Length + 1);
        foreach (var letter in name)
        {
            var isKept = char.IsAsciiLetterOrDigit(letter) || (allowColon && letter == ':');
            if (clean.Length == 0 && char.IsAsciiDigit(letter))
                clean.Append('_');
            if (isKept)
                clean.Append(letter);
            else if (clean.Length == 0 || clean[^1] != '_')
                clean.Append('_');
        }

        return clean.ToString();
    }
}
