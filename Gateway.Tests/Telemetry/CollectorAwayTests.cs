using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Gateway.Host.Telemetry;
using Gateway.Tests.EndToEnd;
using NUnit.Framework;

namespace Gateway.Tests.Telemetry;

/// <summary>A collector that is not there, or takes all and never answers: calls are served, nothing is logged, and the end is not held up.</summary>
internal sealed class CollectorAwayTests
{
    [TestCase("grpc", false)]
    [TestCase("http/protobuf", false)]
    [TestCase("grpc", true)]
    [TestCase("http/protobuf", true)]
    public async Task Calls_and_the_end_do_not_wait_for_a_collector(string protocol, bool isListening)
    {
        using var listener = new TcpListener(IPAddress.Loopback, isListening ? 0 : GatewayProcess.FreePort());
        if (isListening)
            listener.Start();
        await using var gateway = await GatewayProcess.StartAsync(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://{(IPEndPoint)listener.LocalEndpoint}"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_METRIC_EXPORT_INTERVAL", "100"),
            ("OTEL_BSP_SCHEDULE_DELAY", "100"),
            ("OTEL_BLRP_SCHEDULE_DELAY", "100"),
            ("Logging__OpenTelemetry__LogLevel__Default", "Debug"));
        using var client = new HttpClient { BaseAddress = gateway.Address };

        for (var i = 0; i < 20; i++)
        {
            using var refused = await client.GetAsync("/v1/models");
            Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
            await Task.Delay(25);
        }

        var ended = Stopwatch.StartNew();
        await gateway.TerminateAsync();
        Assert.That(await gateway.EndAsync(), Is.Zero);
        Assert.That(ended.Elapsed, Is.LessThan(TelemetryPipeline.FlushTime + TimeSpan.FromSeconds(5)));
        Assert.That(gateway.Text(), Does.Not.Contain("OpenTelemetry").And.Not.Contain("Exception").IgnoreCase.And.Not.Contain("refused"));
    }
}
