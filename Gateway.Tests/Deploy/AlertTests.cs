using System.Diagnostics.Metrics;
using NUnit.Framework;

namespace Gateway.Tests.Deploy;

internal sealed class AlertTests
{
    private static IEnumerable<TestCaseData> Rules() => AlertRules.All.Select(static rule => new TestCaseData(rule).SetArgDisplayNames(rule.Name));

    private static IEnumerable<TestCaseData> Alerts() => AlertRules.Alerts.Select(static rule => new TestCaseData(rule).SetArgDisplayNames(rule.Name));

    [TestCaseSource(nameof(Rules))]
    public void A_rule_names_series_and_labels_that_exist(AlertRule rule)
    {
        var series = PromQuery.Series(rule.Query).ToList();

        Assert.That(series, Is.Not.Empty);
        Assert.That(series, Is.SubsetOf(KnownMetrics.Series));
        Assert.That(PromQuery.Labels(rule.Query), Is.SubsetOf(KnownMetrics.Labels));
    }

    [TestCaseSource(nameof(Alerts))]
    public void An_alert_says_how_bad_it_is_what_happens_and_what_to_do(AlertRule alert)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(alert.Severity, Is.AnyOf("critical", "warning", "info"));
            Assert.That(alert.Annotations.Keys, Is.EquivalentTo((string[])["summary", "description", "runbook_url"]));
            Assert.That(alert.Annotations.Values, Has.None.Empty);
        }

        var page = Path.Combine(DeployFolder.Checkout, alert.Annotations["runbook_url"]);
        Assert.That(page, Does.Exist);
        Assert.That(File.ReadAllText(page), Does.Contain($"`{alert.Name}`"), "the page names the alert");
    }

    [Test]
    public void Every_alert_is_seen_to_fire_by_a_test_of_its_own()
    {
        var fired = DeployFolder.Yaml(DeployFolder.PathOf("prometheus", "alerts.test.yaml")).Items("tests")
            .SelectMany(static test => test.Items("alert_rule_test"))
            .Where(static expected => expected.Items("exp_alerts").Any())
            .Select(static expected => expected.Text("alertname"));

        Assert.That(fired.Distinct(StringComparer.Ordinal), Is.EquivalentTo(AlertRules.Alerts.Select(static alert => alert.Name)));
    }

    [Test]
    public void Recorded_series_are_used()
    {
        var used = AlertRules.Alerts.Select(static alert => alert.Query).Concat(Dashboard.Queries).SelectMany(PromQuery.Series).ToHashSet(StringComparer.Ordinal);

        Assert.That(AlertRules.All.Where(static rule => !rule.IsAlert).Select(static rule => rule.Name), Is.SubsetOf(used));
    }

    [Test]
    public void What_is_told_of_the_runtime_is_what_it_measures()
    {
        var published = new HashSet<string>(StringComparer.Ordinal);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (string.Equals(instrument.Meter.Name, "System.Runtime", StringComparison.Ordinal))
                published.Add(instrument.Name + instrument.Unit switch { "s" => ".seconds", "By" => ".bytes", _ => "" });
        };
        listener.Start();

        Assert.That(KnownMetrics.Runtime, Is.SubsetOf(published));
    }
}
