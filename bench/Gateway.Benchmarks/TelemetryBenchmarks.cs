using System.Diagnostics.Metrics;
using BenchmarkDotNet.Attributes;
using Gateway.Host.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Gateway.Benchmarks;

/// <summary>Budgets: a measurement with four attributes under 500 ns and 0 bytes, a text of 1,000 series under 5 ms.</summary>
[MemoryDiagnoser]
public class TelemetryBenchmarks
{
    private const int Series = 1_000;

    // Boxed once: a number as an attribute costs 24 bytes each time otherwise.
    private static readonly object Ok = 200;

    private readonly Meter _meter = new("bench.telemetry");
    private readonly Meter _many = new("bench.telemetry.many");
    private readonly MetricsPage _page = new(new ImpatientTime());
    private readonly MetricsPage _manyPage = new(new ImpatientTime());
    private Histogram<double> _duration = null!; // Made in Setup, as what follows.
    private Counter<long> _count = null!;
    private MeterProvider _provider = null!;
    private MeterProvider _manyProvider = null!;

    /// <summary>How many readers aggregate what is measured: <c>GET /metrics</c> is one, OTLP another; 0: nothing listens.</summary>
    [Params(0, 1, 2)]
    public int Readers { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var builder = Sdk.CreateMeterProviderBuilder();
        if (Readers > 0)
            builder.AddMeter(_meter.Name).AddReader(_page.Reader);
        if (Readers > 1)
            builder.AddReader(new BaseExportingMetricReader(new NoExporter()));
        _provider = builder.Build();
        _duration = _meter.CreateHistogram(
            "duration", "s", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [.01, .02, .04, .08, .16, .32, .64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92] });
        _count = _meter.CreateCounter<long>("count");

        _manyProvider = Sdk.CreateMeterProviderBuilder().AddMeter(_many.Name).AddReader(_manyPage.Reader).Build();
        var counter = _many.CreateCounter<long>("many");
        for (var i = 0; i < Series; i++)
            counter.Add(i, new KeyValuePair<string, object?>("gen_ai.request.model", $"provider/model-{i}"), new("gen_ai.provider.name", "provider"));
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _provider.Dispose();
        _manyProvider.Dispose();
        _meter.Dispose();
        _many.Dispose();
    }

    [Benchmark]
    public void HistogramOf4Attributes() => _duration.Record(
        0.123,
        [
            new("gen_ai.operation.name", "chat"),
            new("gen_ai.provider.name", "openai"),
            new("gen_ai.request.model", "gpt-5"),
            new("gateway.route_type", "official"),
        ]);

    [Benchmark]
    public void CounterOf3Attributes() =>
        _count.Add(1, new KeyValuePair<string, object?>("gateway.kind", "chat"), new KeyValuePair<string, object?>("http.response.status_code", Ok), new KeyValuePair<string, object?>("gateway.outcome", "complete"));

    [Benchmark]
    public ValueTask<ReadOnlyMemory<byte>> TextOf1000Series() => _manyPage.ReadAsync(MetricsFormat.Text, CancellationToken.None);

    private sealed class NoExporter : BaseExporter<Metric>
    {
        public override ExportResult Export(in Batch<Metric> batch) => ExportResult.Success;
    }

    /// <summary>A second goes by between two looks, so that every read collects.</summary>
    private sealed class ImpatientTime : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Interlocked.Increment(ref _now);
    }
}
