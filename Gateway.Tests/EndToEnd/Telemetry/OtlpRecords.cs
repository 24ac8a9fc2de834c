using System.Text.Json.Nodes;

namespace Gateway.Tests.EndToEnd.Telemetry;

/// <summary>A span as the receiver decoded it.</summary>
internal sealed record OtlpSpan
{
    /// <summary>What the process says of itself.</summary>
    public required JsonObject Resource { get; init; }

    /// <summary>The activity source.</summary>
    public required string Scope { get; init; }

    /// <summary>Lower-case hex.</summary>
    public required string TraceId { get; init; }

    /// <summary>Lower-case hex.</summary>
    public required string SpanId { get; init; }

    /// <summary>Lower-case hex; empty: a root.</summary>
    public required string ParentId { get; init; }

    public required string TraceState { get; init; }

    public required string Name { get; init; }

    /// <summary><c>server</c>, <c>client</c>, <c>internal</c>, …</summary>
    public required string Kind { get; init; }

    /// <summary>Unit: nanoseconds since 1970.</summary>
    public required long Start { get; init; }

    /// <summary>Unit: nanoseconds since 1970.</summary>
    public required long End { get; init; }

    /// <summary><c>unset</c>, <c>ok</c> or <c>error</c>.</summary>
    public required string Status { get; init; }

    public required string StatusMessage { get; init; }

    public required JsonObject Attributes { get; init; }

    public required IReadOnlyList<OtlpEvent> Events { get; init; }

    /// <summary>An attribute's text; <c>null</c>: it is not there.</summary>
    public string? Text(string attribute) => Attributes[attribute]?.ToString();

    /// <summary>An attribute's number; <c>null</c>: it is not there.</summary>
    public decimal? Number(string attribute) => Attributes[attribute]?.GetValue<decimal>();

    public override string ToString() => $"{Name} ({Kind}, {Status}) {SpanId} below '{ParentId}' {Attributes.ToJsonString()}";
}

/// <summary>An event on a span.</summary>
internal sealed record OtlpEvent(string Name, JsonObject Attributes);

/// <summary>A metric of one export.</summary>
internal sealed record OtlpMetric
{
    public required JsonObject Resource { get; init; }

    /// <summary>The meter.</summary>
    public required string Scope { get; init; }

    public required string Name { get; init; }

    public required string? Unit { get; init; }

    /// <summary><c>gauge</c>, <c>sum</c> or <c>histogram</c>.</summary>
    public required string Kind { get; init; }

    /// <summary><c>delta</c>, <c>cumulative</c> or <c>unspecified</c>.</summary>
    public required string Temporality { get; init; }

    public required bool IsMonotonic { get; init; }

    public required IReadOnlyList<OtlpPoint> Points { get; init; }
}

/// <summary>One series of a metric.</summary>
internal sealed record OtlpPoint
{
    public required JsonObject Attributes { get; init; }

    /// <summary>Of a gauge or a sum.</summary>
    public required double Value { get; init; }

    /// <summary>Of a histogram.</summary>
    public required long Count { get; init; }

    /// <summary>Of a histogram.</summary>
    public required double Sum { get; init; }

    public required IReadOnlyList<double> Bounds { get; init; }

    public required IReadOnlyList<long> Buckets { get; init; }
}

/// <summary>A log record.</summary>
internal sealed record OtlpLog
{
    public required JsonObject Resource { get; init; }

    /// <summary>The logger's category.</summary>
    public required string Scope { get; init; }

    /// <summary>Lower-case hex; empty: written outside any trace.</summary>
    public required string TraceId { get; init; }

    /// <summary>Lower-case hex.</summary>
    public required string SpanId { get; init; }

    /// <summary>OpenTelemetry's number: 9 is Information, 13 Warning, 17 Error.</summary>
    public required int Severity { get; init; }

    public required string SeverityText { get; init; }

    public required JsonNode? Body { get; init; }

    public required JsonObject Attributes { get; init; }
}
