using System.Diagnostics.Metrics;
using System.Text;
using Gateway.Host.Telemetry;
using Gateway.Tests.Fakes;
using NUnit.Framework;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Gateway.Tests.Telemetry;

/// <summary>Instruments through OpenTelemetry's own SDK, as text; the lines are written by hand from the formats' descriptions.</summary>
internal sealed class PrometheusTextTests
{
    private readonly ManualTimeProvider time = new(DateTimeOffset.UnixEpoch);
    private Meter meter = null!; // Made in SetUp, as the next.
    private MetricsPage page = null!;
    private MeterProvider provider = null!;

    [SetUp]
    public void SetUp()
    {
        meter = new Meter($"test-{Guid.NewGuid()}");
        page = new MetricsPage(time);
        provider = Sdk.CreateMeterProviderBuilder()
            .AddMeter(meter.Name)
            .AddMeter("test.other")
            .ConfigureResource(static resource => resource.Clear().AddAttributes([new("service.name", "a \"b\"\\\n")]))
            .AddReader(page.Reader)
            .Build();
    }

    [TearDown]
    public void TearDown()
    {
        provider.Dispose();
        meter.Dispose();
    }

    [Test]
    public async Task A_counter_ends_in_total_and_says_what_it_counts()
    {
        meter.CreateCounter<long>("gateway.requests", "{request}", "Calls: \"all\".\nOr \\ not.").Add(3, new KeyValuePair<string, object?>("gateway.kind", "chat"));

        Assert.That(await FamiliesAsync(), Is.EqualTo("""
            # TYPE gateway_requests_total counter
            # HELP gateway_requests_total Calls: "all".\nOr \\ not.
            gateway_requests_total{gateway_kind="chat"} 3

            """));
    }

    [Test]
    public async Task A_histogram_is_cumulative_and_ends_at_infinity()
    {
        var histogram = meter.CreateHistogram("a.duration", "s", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 1] });
        foreach (var value in (double[])[0.005, 0.5, 0.75, 30])
            histogram.Record(value);

        Assert.That(await FamiliesAsync(), Is.EqualTo("""
            # TYPE a_duration_seconds histogram
            a_duration_seconds_bucket{le="0.005"} 1
            a_duration_seconds_bucket{le="1"} 3
            a_duration_seconds_bucket{le="+Inf"} 4
            a_duration_seconds_sum 31.255
            a_duration_seconds_count 4

            """));
    }

    [Test]
    public async Task The_bounds_that_whole_numbers_advise_are_kept()
    {
        meter.CreateHistogram("tokens", "{token}", advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 67_108_864] }).Record(4, [new("gen_ai.token.type", "input")]);

        Assert.That(await FamiliesAsync(), Does.Contain("""tokens_bucket{gen_ai_token_type="input",le="67108864"} 1"""));
    }

    [TestCase("gateway.ledger.spool.size", "By", "gateway_ledger_spool_size_bytes")]
    [TestCase("gateway.ledger.recording.lag", "s", "gateway_ledger_recording_lag_seconds")]
    [TestCase("lag.seconds", "s", "lag_seconds")]
    [TestCase("milliseconds", "s", "milliseconds_seconds")]
    [TestCase("gateway.watchdog.paused", "{rule}", "gateway_watchdog_paused")]
    [TestCase("share", "1", "share_ratio")]
    [TestCase("speed", "By/s", "speed_bytes_per_second")]
    [TestCase("rate", "{request}/min", "rate_per_minute")]
    [TestCase("load", "%", "load_percent")]
    [TestCase("odd..name-with/signs", "", "odd_name_with_signs")]
    public async Task A_gauge_has_its_unit_in_its_name(string name, string unit, string family)
    {
        meter.CreateObservableGauge(name, static () => 7L, unit);

        Assert.That(await FamiliesAsync(), Is.EqualTo($"# TYPE {family} gauge\n{family} 7\n"));
    }

    [Test]
    public async Task What_goes_down_again_is_a_gauge()
    {
        var active = meter.CreateUpDownCounter<long>("active");
        active.Add(2);
        active.Add(-3);

        Assert.That(await FamiliesAsync(), Is.EqualTo("# TYPE active gauge\nactive -1\n"));
    }

    [TestCase(double.NaN, "NaN")]
    [TestCase(double.PositiveInfinity, "+Inf")]
    [TestCase(double.NegativeInfinity, "-Inf")]
    [TestCase(0.1, "0.1")]
    [TestCase(1e300, "1E+300")]
    public async Task Odd_numbers_are_spelled_as_Prometheus_reads_them(double value, string text)
    {
        meter.CreateObservableGauge("odd", () => value);

        Assert.That(await FamiliesAsync(), Is.EqualTo($"# TYPE odd gauge\nodd {text}\n"));
    }

    [Test]
    public async Task Label_values_are_escaped_and_typed()
    {
        meter.CreateCounter<long>("c").Add(1, [new("text", "a\"b\\c\nd{é}"), new("yes", true), new("number", 2.5), new("nothing", null)]);

        Assert.That(await FamiliesAsync(), Does.Contain("""c_total{nothing="",number="2.5",text="a\"b\\c\nd{é}",yes="true"} 1""").Or.Contain("""c_total{text="a\"b\\c\nd{é}",yes="true",number="2.5",nothing=""} 1"""));
    }

    [Test]
    public async Task Attributes_that_become_one_label_share_it()
    {
        meter.CreateCounter<long>("c").Add(1, new KeyValuePair<string, object?>("a.b", "x"), new KeyValuePair<string, object?>("a_b", "y"));

        Assert.That(await FamiliesAsync(), Does.Contain("""c_total{a_b="x;y"} 1"""));
    }

    [Test]
    public async Task Instruments_that_become_one_family_share_it_and_no_series_is_there_twice()
    {
        meter.CreateCounter<long>("a.b").Add(1, new KeyValuePair<string, object?>("k", "first"));
        var second = meter.CreateCounter<long>("a_b");
        second.Add(2, new KeyValuePair<string, object?>("k", "first"));
        second.Add(3, new KeyValuePair<string, object?>("k", "second"));

        Assert.That(await FamiliesAsync(), Is.EqualTo($$"""
            # TYPE a_b_total counter
            a_b_total{k="first"} 1
            # A series of a_b of {{meter.Name}} is left out: it is there already.
            a_b_total{k="second"} 3

            """));
    }

    [Test]
    public async Task An_instrument_whose_name_another_type_has_is_left_out()
    {
        meter.CreateHistogram<double>("a.b").Record(1);
        meter.CreateObservableGauge("a_b", static () => 1L);

        var text = await FamiliesAsync();

        Assert.That(text, Does.Contain($"# a_b of {meter.Name} is left out: another instrument of another type has its name.\n").And.Contain("# TYPE a_b histogram\n"));
        Assert.That(text, Does.Not.Contain("# TYPE a_b gauge").And.Not.Contain("\na_b 1"));
    }

    [Test]
    public async Task More_sets_of_attributes_than_a_metric_may_have_are_counted_together()
    {
        var counter = meter.CreateCounter<long>("c");
        for (var i = 0; i < 2_010; i++)
            counter.Add(1, new KeyValuePair<string, object?>("k", i));

        Assert.That(await FamiliesAsync(), Does.Contain("""c_total{otel_metric_overflow="true"} """));
    }

    [Test]
    public async Task The_process_is_described_by_its_resource() =>
        Assert.That(await TextAsync(MetricsFormat.Text), Does.StartWith("# TYPE target_info gauge\n# HELP target_info Target metadata\n").And.Contain("""target_info{service_name="a \"b\"\\\n"} 1"""));

    [Test]
    public async Task OpenMetrics_names_families_without_total_writes_units_and_bounds_with_a_point_and_ends()
    {
        meter.CreateCounter<double>("cost", "s", "What \"it\" cost.").Add(1.5);
        meter.CreateHistogram("d", "{x}", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [2] }).Record(1);

        Assert.That(await TextAsync(MetricsFormat.OpenMetrics), Is.EqualTo("""
            # TYPE target info
            # HELP target Target metadata
            target_info{service_name="a \"b\"\\\n"} 1
            # TYPE cost_seconds counter
            # UNIT cost_seconds seconds
            # HELP cost_seconds What \"it\" cost.
            cost_seconds_total 1.5
            # TYPE d histogram
            d_bucket{le="2.0"} 1
            d_bucket{le="+Inf"} 1
            d_sum 1
            d_count 1
            # EOF

            """));
    }

    [Test]
    public async Task A_text_is_the_answer_for_a_while_and_each_format_has_its_own()
    {
        var counter = meter.CreateCounter<long>("c");
        counter.Add(1);
        var first = await TextAsync(MetricsFormat.Text);
        counter.Add(1);

        time.Advance(MetricsPage.Freshness - TimeSpan.FromMilliseconds(1));
        Assert.That(await TextAsync(MetricsFormat.Text), Is.EqualTo(first));
        Assert.That(await TextAsync(MetricsFormat.OpenMetrics), Does.Contain("c_total 2\n# EOF"));

        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.That(await TextAsync(MetricsFormat.Text), Does.Contain("c_total 2"));
    }

    [Test]
    public async Task Many_readers_at_once_all_get_a_whole_text()
    {
        meter.CreateCounter<long>("c").Add(1);

        var texts = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(() =>
        {
            time.Advance(MetricsPage.Freshness);
            return TextAsync((MetricsFormat)(i % 2));
        })));

        Assert.That(texts.Where(static (_, i) => i % 2 == 0), Has.All.EndsWith("c_total 1\n").And.All.StartsWith("# TYPE target_info gauge"));
        Assert.That(texts.Where(static (_, i) => i % 2 == 1), Has.All.EndsWith("c_total 1\n# EOF\n").And.All.StartsWith("# TYPE target info"));
    }

    [Test]
    public async Task A_page_that_nothing_is_collected_for_says_so()
    {
        var empty = await new MetricsPage(time).ReadAsync(MetricsFormat.OpenMetrics, CancellationToken.None);

        Assert.That(Encoding.UTF8.GetString(empty.Span), Is.EqualTo("# Nothing is collected: OTEL_SDK_DISABLED is true.\n# EOF\n"));
    }

    // What follows the three lines of the resource.
    private async Task<string> FamiliesAsync() => string.Join('\n', (await TextAsync(MetricsFormat.Text)).Split('\n')[3..]);

    private async Task<string> TextAsync(MetricsFormat format) => Encoding.UTF8.GetString((await page.ReadAsync(format, CancellationToken.None)).Span);
}
