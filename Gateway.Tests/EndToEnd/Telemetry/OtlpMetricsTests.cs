using NUnit.Framework;

namespace Gateway.Tests.EndToEnd.Telemetry;

/// <summary>The metrics that arrive: what they count, and that a client cannot make series.</summary>
internal sealed class OtlpMetricsTests : TelemetryFixture
{
    [OneTimeSetUp]
    public async Task AddModelsAndRules()
    {
        foreach (var model in (string[])["counted", "kept", "streaming", "broken"])
        {
            await Gateway.CreateModelAsync(model, "official");
            await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", model, $"{model}-up");
        }

        await Gateway.PostAsync("/api/proxy-rules", """{"type":"cache_enable","name":"cached","tag":"cached","config":{"ttlSeconds":600}}""");
    }

    [Test]
    public async Task A_call_is_one_operation_with_its_tokens_by_type()
    {
        for (var call = 0; call < 3; call++)
            await CallAsync("in=24;count=10", model: "fake/counted");

        var operations = await PointsAsync("gen_ai.client.operation.duration", "counted-up", count: 3);
        var tokens = await PointsAsync("gen_ai.client.token.usage", "counted-up", count: 3);
        var served = await PointsAsync("gen_ai.server.request.duration", "counted", count: 3);
        Assert.That(Keys(operations.Single()), Is.EqualTo(new[] { "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model" }));
        Assert.That((operations[0].Attributes["gen_ai.operation.name"]!.ToString(), operations[0].Attributes["gen_ai.provider.name"]!.ToString()), Is.EqualTo(("chat", "fake")));
        Assert.That(tokens.Select(static point => (point.Attributes["gen_ai.token.type"]!.ToString(), point.Count, point.Sum)), Is.EquivalentTo(new[] { ("input", 3L, 72.0), ("output", 3L, 30.0) }));
        Assert.That(Keys(served.Single()), Is.EqualTo(new[] { "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model" }));
        Assert.That(served[0].Sum, Is.GreaterThanOrEqualTo(operations[0].Sum), "what the client waited for is not less than what upstream took");
    }

    [Test]
    public async Task Histograms_have_the_conventions_units_and_boundaries()
    {
        await CallAsync("count=1", model: "fake/counted");
        await PointsAsync("gen_ai.client.operation.duration", "counted-up", count: 1);

        Assert.That(
            (Metric("gen_ai.client.operation.duration")!.Unit, Metric("gen_ai.client.token.usage")!.Unit, Metric("gen_ai.server.request.duration")!.Unit),
            Is.EqualTo(("s", "{token}", "s")));
        Assert.That(
            Metric("gen_ai.client.operation.duration")!.Points[0].Bounds,
            Is.EqualTo(new[] { .01, .02, .04, .08, .16, .32, .64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92 }));
        Assert.That(Metric("gen_ai.client.token.usage")!.Points[0].Bounds, Is.EqualTo(Enumerable.Range(0, 14).Select(static n => Math.Pow(4, n))));
        Assert.That((Metric("gen_ai.client.operation.duration")!.Kind, Metric("gen_ai.client.operation.duration")!.Temporality), Is.EqualTo(("histogram", "cumulative")));
    }

    [Test]
    public async Task A_stream_is_timed_to_its_first_chunk()
    {
        await CallAsync("count=5;pause=5", ",\"stream\":true", "fake/streaming");

        var first = await PointsAsync("gen_ai.client.operation.time_to_first_chunk", "streaming-up", count: 1);
        var served = await PointsAsync("gen_ai.server.time_to_first_token", "streaming", count: 1);
        Assert.That((first.Single().Count, served.Single().Count), Is.EqualTo((1L, 1L)));
        Assert.That(first[0].Sum, Is.GreaterThan(0).And.LessThan(20));
    }

    [Test]
    public async Task An_attempt_that_failed_is_counted_by_its_error_and_has_no_tokens()
    {
        await CallAsync("status=503", model: "fake/broken");

        var operations = await PointsAsync("gen_ai.client.operation.duration", "broken-up", count: 1);
        Assert.That(operations.Single().Attributes["error.type"]!.ToString(), Is.EqualTo("upstream_error"));
        Assert.That(Metric("gen_ai.client.token.usage")?.Points.Select(static point => point.Attributes["gen_ai.request.model"]!.ToString()) ?? [], Has.No.Member("broken-up"));
    }

    [Test]
    public async Task An_answer_from_the_cache_is_no_operation_of_a_client()
    {
        var body = Request("count=3", model: "fake/kept").Body;

        for (var call = 0; call < 3; call++)
            await SendAsync(body, headers: ("X-Gateway-Tag", "cached"));

        await PointsAsync("gen_ai.server.request.duration", "kept", count: 3);
        var cache = await UntilAsync("gateway.cache.requests", static metric => metric.Points.Any(static point => point.Attributes["gateway.cache.status"]!.ToString() == "hit" && point.Value == 2));
        var operations = await PointsAsync("gen_ai.client.operation.duration", "kept-up", count: 1);
        var tokens = await PointsAsync("gen_ai.client.token.usage", "kept-up", count: 1);
        Assert.That((operations.Single().Count, cache.Kind, cache.IsMonotonic), Is.EqualTo((1L, "sum", true)));
        Assert.That(tokens.Select(static point => point.Count), Is.All.EqualTo(1));
    }

    [Test]
    public async Task A_client_that_asks_for_three_thousand_unknown_models_makes_no_series()
    {
        const string mark = "no-such-model";
        await CallAsync("count=1");
        await CallAsync(model: $"fake/{mark}");
        await UntilAsync("gateway.refusals", static metric => metric.Points.Any(static point => point.Attributes["gateway.error.code"]!.ToString() == "unknown_model"));
        var before = Receiver.Metrics(nameof(OtlpMetricsTests)).Where(static metric => metric.Name.StartsWith("gateway.", StringComparison.Ordinal) || metric.Name.StartsWith("gen_ai.", StringComparison.Ordinal)).ToDictionary(static metric => metric.Name, static metric => metric.Points.Count);

        await Parallel.ForEachAsync(Enumerable.Range(0, 3000), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (n, _) => await CallAsync(model: n % 2 == 0 ? $"fake/{mark}-{n}" : $"{mark}-{n}/x"));

        await UntilAsync("gateway.refusals", static metric => metric.Points.Sum(static point => point.Value) >= 3001);
        using (Assert.EnterMultipleScope())
        {
            foreach (var metric in Receiver.Metrics(nameof(OtlpMetricsTests)))
            {
                Assert.That(metric.Points.Select(static point => point.Attributes.ToJsonString()), Has.None.Contain(mark), metric.Name);
                if (before.TryGetValue(metric.Name, out var points))
                    Assert.That(metric.Points, Has.Count.LessThanOrEqualTo(points + 3), $"{metric.Name} has one series for each refusal's code, and no more");
            }
        }
    }

    private async Task<IReadOnlyList<OtlpPoint>> PointsAsync(string name, string model, long count)
    {
        var metric = await UntilAsync(name, metric => OfModel(metric, model) is { Count: > 0 } points && points.All(point => point.Count >= count));
        return OfModel(metric, model);
    }

    private Task<OtlpMetric> UntilAsync(string name, Predicate<OtlpMetric> isEnough) =>
        Receiver.WaitAsync(_ => Metric(name) is { } metric && isEnough(metric) ? metric : null, $"{name}, the last was {Metric(name)?.Points.Count} series:");

    private static List<OtlpPoint> OfModel(OtlpMetric metric, string model) => [.. metric.Points.Where(point => point.Attributes["gen_ai.request.model"]?.ToString() == model)];

    private static IEnumerable<string> Keys(OtlpPoint point) => point.Attributes.Select(static attribute => attribute.Key).Order(StringComparer.Ordinal);
}
