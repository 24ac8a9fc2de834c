using System.Net;
using System.Net.Http.Headers;
using Gateway.Host.Telemetry;
using Gateway.Tests.EndToEnd;
using Microsoft.AspNetCore.Http;
using NUnit.Framework;

namespace Gateway.Tests.Telemetry;

/// <summary><c>GET /metrics</c> of a running gateway, after calls of each kind.</summary>
internal sealed class MetricsEndpointTests : EndToEndFixture
{
    private const string Mark = "xylophone";

    // Names that the runtime's own instruments have.
    private static readonly string[] AgainstTaste = ["dotnet_assembly_count", "dotnet_process_cpu_count", "dotnet_timer_count"];

    private string text = "";

    [OneTimeSetUp]
    public async Task CallAndRead()
    {
        Assert.That((await CallAsync($"count=5;word={Mark}")).Status, Is.EqualTo(200));
        Assert.That((await CallAsync($"count=5;pause=2;word={Mark}", ""","stream":true""")).Status, Is.EqualTo(200));
        Assert.That((await CallAsync("", model: "fake/none")).Status, Is.EqualTo(400));
        using var unknown = new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", $"sk-{Mark}") } };
        using (var refused = await Client.SendAsync(unknown))
            Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        text = await ReadAsync();
    }

    [Test]
    public async Task Promtool_reads_it()
    {
        var (code, complaints) = await Promtool.CheckAsync(text);

        var ours = complaints.Where(static line => !AgainstTaste.Any(name => line.StartsWith(name + " ", StringComparison.Ordinal)));
        Assert.That(ours, Is.Empty);
        Assert.That(code, Is.EqualTo(0).Or.EqualTo(3), string.Join('\n', complaints));
    }

    [TestCase("target_info", "gauge")]
    [TestCase("http_server_request_duration_seconds", "histogram")]
    [TestCase("http_server_active_requests", "gauge")]
    [TestCase("kestrel_active_connections", "gauge")]
    [TestCase("dotnet_gc_collections_total", "counter")]
    [TestCase("dotnet_process_memory_working_set_bytes", "gauge")]
    [TestCase("gateway_requests_total", "counter")]
    [TestCase("gateway_requests_active", "gauge")]
    [TestCase("gateway_request_overhead_seconds", "histogram")]
    [TestCase("gateway_cost_charged_total", "counter")]
    [TestCase("gateway_refusals_total", "counter")]
    [TestCase("gateway_channel_breaker", "gauge")]
    [TestCase("gateway_channel_calls", "gauge")]
    [TestCase("gateway_watchdog_paused", "gauge")]
    [TestCase("gen_ai_client_operation_duration_seconds", "histogram")]
    [TestCase("gen_ai_client_token_usage", "histogram")]
    [TestCase("gen_ai_client_operation_time_to_first_chunk_seconds", "histogram")]
    [TestCase("gen_ai_client_operation_time_per_output_chunk_seconds", "histogram")]
    [TestCase("gen_ai_server_request_duration_seconds", "histogram")]
    [TestCase("gen_ai_server_time_to_first_token_seconds", "histogram")]
    [TestCase("gen_ai_server_time_per_output_token_seconds", "histogram")]
    [TestCase("gateway_ledger_front_duration_seconds", "histogram")]
    [TestCase("gateway_ledger_spool_duration_seconds", "histogram")]
    [TestCase("gateway_ledger_book_duration_seconds", "histogram")]
    [TestCase("gateway_ledger_recording_lag_seconds", "histogram")]
    [TestCase("gateway_ledger_recorded_total", "counter")]
    [TestCase("gateway_ledger_batch_size", "histogram")]
    [TestCase("gateway_ledger_unrecorded", "gauge")]
    [TestCase("gateway_ledger_spool_size_bytes", "gauge")]
    [TestCase("gateway_ledger_holds", "gauge")]
    [TestCase("gateway_ledger_part", "gauge")]
    [TestCase("gateway_ledger_epoch", "gauge")]
    [TestCase("gateway_ledger_drift", "gauge")]
    public void It_has_the_family(string family, string type) => Assert.That(text, Does.Contain($"# TYPE {family} {type}\n"));

    [TestCase("/v1/chat/completions", "200", 2)]
    [TestCase("/v1/chat/completions", "400", 1)]
    [TestCase("/v1/models", "401", 1)]
    public void Requests_are_counted_by_route_and_status(string route, string status, int count)
    {
        var lines = text.Split('\n').Where(line =>
            line.StartsWith("http_server_request_duration_seconds_count{", StringComparison.Ordinal)
            && line.Contains($"http_route=\"{route}\"", StringComparison.Ordinal)
            && line.Contains($"http_response_status_code=\"{status}\"", StringComparison.Ordinal));

        Assert.That(lines.Sum(static line => long.Parse(line[(line.LastIndexOf(' ') + 1)..])), Is.EqualTo(count));
    }

    [Test]
    public void It_holds_no_key_no_prompt_and_no_credential() =>
        Assert.That(text, Does.Not.Contain(Mark).And.Not.Contain(Key).And.Not.Contain("sk-canary").And.Not.Contain(GatewayProcess.AdminKey));

    [Test]
    public async Task It_needs_no_key_and_is_only_read()
    {
        using var stranger = new HttpClient { BaseAddress = Gateway.Address };
        using var read = await stranger.GetAsync("/metrics");
        using var written = await stranger.PostAsync("/metrics", content: null);

        Assert.That((read.StatusCode, written.StatusCode), Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.MethodNotAllowed)));
        Assert.That(read.Content.Headers.ContentType?.ToString(), Is.EqualTo("text/plain; version=0.0.4; charset=utf-8"));
    }

    [TestCase("", "Text")]
    [TestCase("*/*", "Text")]
    [TestCase("text/plain;version=0.0.4", "Text")]
    [TestCase("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", "OpenMetrics")]
    [TestCase("application/openmetrics-text;q=0.2,text/plain;q=0.5", "Text")]
    [TestCase("application/openmetrics-text;q=0", "Text")]
    [TestCase("not a media type", "Text")]
    public void The_format_is_what_the_scraper_prefers(string accept, string format) =>
        Assert.That(MetricsEndpoint.Wanted(new HeaderDictionary { ["Accept"] = accept }).ToString(), Is.EqualTo(format));

    private async Task<string> ReadAsync()
    {
        // The middleware measures a request after the client has its answer: wait until the last is in.
        for (var i = 0; i < 50; i++)
        {
            await Task.Delay(MetricsPage.Freshness);
            var read = await Client.GetStringAsync("/metrics");
            if (read.Contains("http_response_status_code=\"401\"", StringComparison.Ordinal))
                return read;
        }

        throw new TimeoutException("The calls are not in /metrics.");
    }
}
