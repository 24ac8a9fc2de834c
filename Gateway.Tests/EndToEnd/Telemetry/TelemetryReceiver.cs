using NUnit.Framework;

namespace Gateway.Tests.EndToEnd.Telemetry;

/// <summary>One receiver for the gateways of all fixtures here.</summary>
[SetUpFixture]
public sealed class TelemetryReceiver
{
    internal static OtlpReceiver Receiver { get; private set; } = null!;

    /// <summary>Starts it; the tests below are skipped, or fail in CI, where Node is missing.</summary>
    [OneTimeSetUp]
    public static async Task StartAsync() => Receiver = await OtlpReceiver.StartAsync();

    /// <summary>Stops it, and asserts that it could read all that came.</summary>
    [OneTimeTearDown]
    public static async Task StopAsync()
    {
        if (Receiver is null)
            return;

        await Receiver.DisposeAsync();
        Assert.That(Receiver.Mistakes, Is.Empty);
    }

    /// <summary>The settings of a gateway that exports to it, without the waits that are meant for production.</summary>
    internal static (string Name, string Value)[] Exporting(string fixture) =>
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", Receiver.Address),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "50"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "300"),
        ("OTEL_RESOURCE_ATTRIBUTES", $"test.fixture={fixture}"),
    ];
}
