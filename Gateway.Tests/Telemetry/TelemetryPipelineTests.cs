using System.Diagnostics;
using System.Text;
using Gateway.Host.Telemetry;
using Microsoft.Extensions.Configuration;
using NUnit.Framework;

namespace Gateway.Tests.Telemetry;

/// <summary>That the SDK reads its variables from the host's configuration.</summary>
[NonParallelizable]
internal sealed class TelemetryPipelineTests
{
    [Test]
    public async Task The_process_is_called_gateway_and_has_a_version_and_an_id()
    {
        await using var telemetry = Start();

        var text = await TextAsync(telemetry);

        Assert.That(text, Does.Match("""target_info\{.*service_name="gateway",service_version="1[^"]*",service_instance_id="[0-9a-f-]{36}"\} 1"""));
    }

    [Test]
    public async Task The_variables_describe_the_process()
    {
        await using var telemetry = Start(("OTEL_SERVICE_NAME", "edge"), ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,service.instance.id=one"));

        var text = await TextAsync(telemetry);

        Assert.That(text, Does.Contain("service_name=\"edge\"").And.Contain("service_instance_id=\"one\"").And.Contain("deployment_environment_name=\"test\""));
    }

    [TestCase("always_off", false)]
    [TestCase("traceidratio", false)]
    [TestCase("always_on", true)]
    [TestCase("", true)]
    public async Task Spans_are_made_as_the_sampler_says(string sampler, bool isRecorded)
    {
        await using var telemetry = Start(
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:1"), ("OTEL_TRACES_SAMPLER", sampler), ("OTEL_TRACES_SAMPLER_ARG", "0"));
        using var source = new ActivitySource(TelemetryNames.Gateway);

        using var span = source.StartActivity("test");

        Assert.That(span?.Recorded ?? false, Is.EqualTo(isRecorded));
    }

    [Test]
    public async Task Nothing_is_collected_when_the_SDK_is_off()
    {
        await using var telemetry = Start(("OTEL_SDK_DISABLED", "true"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"));

        Assert.That(await TextAsync(telemetry), Does.Not.Contain("target_info"));
        Assert.That(telemetry.Logs, Is.Null);
    }

    private static TelemetryPipeline Start(params (string Name, string Value)[] variables) => TelemetryPipeline.Start(
        new ConfigurationBuilder().AddInMemoryCollection(variables.Select(pair => KeyValuePair.Create(pair.Name, (string?)pair.Value))).Build(), TimeProvider.System);

    private static async Task<string> TextAsync(TelemetryPipeline telemetry) =>
        Encoding.UTF8.GetString((await telemetry.Page.ReadAsync(MetricsFormat.Text, CancellationToken.None)).Span);
}
