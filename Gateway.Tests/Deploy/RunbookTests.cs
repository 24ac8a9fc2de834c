using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Gateway.Tests.Deploy;

internal sealed partial class RunbookTests
{
    private const int MostLines = 45;

    private static IEnumerable<string> Pages() => Directory.EnumerateFiles(DeployFolder.PathOf("runbooks"), "*.md").Select(static path => Path.GetFileName(path)!);

    private static IEnumerable<string> AlertPages() => Pages().Where(static page => page is not "README.md");

    [Test]
    public void Every_page_belongs_to_an_alert()
    {
        var used = AlertRules.Alerts.Select(static alert => Path.GetFileName(alert.Annotations["runbook_url"])).Distinct(StringComparer.Ordinal);

        Assert.That(AlertPages(), Is.EquivalentTo(used));
    }

    [TestCaseSource(nameof(AlertPages))]
    public void A_page_is_short_and_goes_from_the_symptom_to_the_end(string page)
    {
        var text = Read(page);

        foreach (var part in (string[])["**What it means.**", "Callers:", "Money:", "**Look at**", "**Do**", "**Over**"])
            Assert.That(text, Does.Contain(part));
        Assert.That(text.Split('\n'), Has.Length.LessThanOrEqualTo(MostLines));
    }

    [TestCaseSource(nameof(AlertPages))]
    public void A_page_names_only_alerts_that_exist(string page)
    {
        var alerts = AlertRules.Alerts.Select(static alert => alert.Name);

        Assert.That(AlertName().Matches(Read(page)).Select(static match => match.Groups["name"].Value), Is.Not.Empty.And.SubsetOf(alerts));
    }

    [TestCaseSource(nameof(Pages))]
    public void A_page_names_only_metrics_that_exist(string page)
    {
        var known = KnownMetrics.Series.Concat(KnownMetrics.Families).Concat(KnownMetrics.Labels).ToHashSet(StringComparer.Ordinal);

        Assert.That(MetricName().Matches(Read(page)).Select(static match => match.Value).Distinct(StringComparer.Ordinal), Is.SubsetOf(known));
    }

    [TestCaseSource(nameof(Pages))]
    public void A_pages_links_lead_somewhere(string page)
    {
        foreach (var link in Link().Matches(Read(page)).Cast<Match>())
            Assert.That(DeployFolder.PathOf("runbooks", link.Groups["page"].Value), Does.Exist);
    }

    private static string Read(string page) => File.ReadAllText(DeployFolder.PathOf("runbooks", page));

    [GeneratedRegex("`(?<name>Gateway[A-Z][A-Za-z]*)`", RegexOptions.None, 1000)]
    private static partial Regex AlertName();

    [GeneratedRegex(@"\b(?:(?:gateway|gen_ai|dotnet|kestrel)_[a-z0-9_]+|gateway:[a-z0-9_:]+)\b", RegexOptions.None, 1000)]
    private static partial Regex MetricName();

    [GeneratedRegex(@"\]\((?<page>[^)]+)\)", RegexOptions.None, 1000)]
    private static partial Regex Link();
}
