using Gateway.Host.Settings;
using NUnit.Framework;

namespace Gateway.Tests.Deploy;

internal sealed class ComposeTests
{
    private static readonly TimeSpan SettlingAndRecording = TimeSpan.FromSeconds(10);

    [Test]
    public void A_gateway_is_given_the_time_to_drain_that_it_takes()
    {
        var defaults = new GatewaySettings { BookFile = "", SpoolFolder = "" };

        var grace = DeployFolder.Yaml(DeployFolder.PathOf("compose.yaml"))["x-gateway"].Text("stop_grace_period");

        Assert.That(SettingText.TryDuration(grace!, out var given), Is.True, grace);
        Assert.That(given, Is.GreaterThanOrEqualTo(defaults.DrainDelay + defaults.DrainTime + SettlingAndRecording));
    }

    [Test]
    public void Prometheus_scrapes_the_gateways_that_it_starts()
    {
        var services = DeployFolder.Yaml(DeployFolder.PathOf("compose.yaml"))["services"];
        var job = DeployFolder.Yaml(DeployFolder.PathOf("prometheus", "prometheus.yaml")).Items("scrape_configs").Single();

        var targets = job.Items("static_configs").Single().Items("targets").Select(static target => target.ToString().Split(':')[0]).ToList();

        Assert.That(job.Text("job_name"), Is.EqualTo("gateway"));
        Assert.That(targets, Is.Not.Empty);
        foreach (var target in targets)
            Assert.That(services[target], Is.Not.Null);
    }

    [Test]
    public void Every_yaml_file_can_be_read()
    {
        foreach (var file in DeployFolder.YamlFiles())
            Assert.That(() => DeployFolder.Yaml(file), Throws.Nothing, file);
    }
}
