using Gateway.Host.Settings;
using Gateway.Host.Telemetry;
using Microsoft.Extensions.Configuration;
using NUnit.Framework;

namespace Gateway.Tests.Telemetry;

internal sealed class TelemetrySettingsTests
{
    [Test]
    public void Nothing_configured_sends_nothing() =>
        Assert.That(Read(), Is.EqualTo(new TelemetrySettings()));

    [Test]
    public void An_endpoint_for_all_sends_all()
    {
        var settings = Read(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317"));

        Assert.That(settings, Is.EqualTo(new TelemetrySettings { Traces = new(), Metrics = new(), Logs = new() }));
    }

    [Test]
    public void An_endpoint_for_one_signal_sends_that_alone()
    {
        var settings = Read(
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://collector/v1/traces"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=b"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "250"));

        Assert.That(settings, Is.EqualTo(new TelemetrySettings
        {
            Traces = new() { Endpoint = new Uri("https://collector/v1/traces"), IsHttp = true, Headers = "a=b", TimeoutMilliseconds = 250 },
        }));
    }

    [Test]
    public void A_signal_can_be_left_out()
    {
        var settings = Read(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:1"), ("OTEL_METRICS_EXPORTER", "prometheus"), ("OTEL_LOGS_EXPORTER", "none"));

        Assert.That((settings.Traces, settings.Metrics, settings.Logs), Is.EqualTo((new OtlpTarget(), (OtlpTarget?)null, (OtlpTarget?)null)));
    }

    [Test]
    public void A_signal_that_is_said_to_leave_goes_to_the_default_collector() =>
        Assert.That(Read(("OTEL_TRACES_EXPORTER", "otlp")), Is.EqualTo(new TelemetrySettings { Traces = new() }));

    [TestCase("true", true)]
    [TestCase("FALSE", false)]
    [TestCase(" ", false)]
    public void All_of_it_can_be_off(string text, bool isDisabled) => Assert.That(Read(("OTEL_SDK_DISABLED", text)).IsDisabled, Is.EqualTo(isDisabled));

    [TestCase("OTEL_SDK_DISABLED", "1", "OTEL_SDK_DISABLED: \"1\" is not one of false, true.")]
    [TestCase("OTEL_TRACES_EXPORTER", "zipkin", "OTEL_TRACES_EXPORTER: \"zipkin\" is not one of none, otlp.")]
    [TestCase("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "OTEL_EXPORTER_OTLP_PROTOCOL: \"http/json\" is not one of grpc, http/protobuf.")]
    [TestCase("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317", "OTEL_EXPORTER_OTLP_ENDPOINT: is not an address as http://collector:4317.")]
    [TestCase("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "ftp://u:secret@c", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: is not an address as http://collector:4317.")]
    [TestCase("OTEL_TRACES_SAMPLER", "some", "OTEL_TRACES_SAMPLER: \"some\" is not one of always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off, parentbased_traceidratio.")]
    [TestCase("OTEL_TRACES_SAMPLER_ARG", "1.01", "OTEL_TRACES_SAMPLER_ARG: \"1.01\" is not from 0 to 1.")]
    [TestCase("OTEL_METRIC_EXPORT_INTERVAL", "0", "OTEL_METRIC_EXPORT_INTERVAL: \"0\" is not a whole number from 1 to 2147483647.")]
    [TestCase("OTEL_BSP_MAX_QUEUE_SIZE", "2k", "OTEL_BSP_MAX_QUEUE_SIZE: \"2k\" is not a whole number from 1 to 2147483647.")]
    [TestCase("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "-1", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: \"-1\" is not a whole number from 1 to 2147483647.")]
    public void A_mistake_is_one_line_that_names_the_variable(string name, string value, string message) =>
        Assert.That(Assert.Throws<SettingException>(() => Read((name, value)))?.Message, Is.EqualTo(message));

    private static TelemetrySettings Read(params (string Name, string Value)[] values) => TelemetrySettings.Read(
        new ConfigurationBuilder().AddInMemoryCollection(values.Select(pair => KeyValuePair.Create(pair.Name, (string?)pair.Value))).Build());
}
