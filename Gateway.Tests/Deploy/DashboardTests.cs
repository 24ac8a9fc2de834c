using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Gateway.Tests.Deploy;

internal sealed class DashboardTests
{
    private static IEnumerable<TestCaseData> Panels() => Dashboard.Shown.Select(static panel => new TestCaseData(panel).SetArgDisplayNames(Dashboard.TitleOf(panel), $"{panel["id"]}"));

    [Test]
    public void It_has_a_row_for_each_of_an_operators_questions()
    {
        var rows = Dashboard.Panels.Where(static panel => Dashboard.TypeOf(panel) is "row").Select(Dashboard.TitleOf);

        Assert.That(rows, Is.EqualTo((string[])["Traffic and errors", "Latency and overhead", "Tokens and cost", "Upstreams and breakers", "Ledger", "Rules", "Process"]));
        Assert.That(Dashboard.Panels.Select(static panel => panel["id"]!.GetValue<int>()), Is.Unique);
    }

    [TestCaseSource(nameof(Panels))]
    public void A_panel_has_a_unit_a_legend_and_series_that_exist(JsonNode panel)
    {
        Assert.That(panel["fieldConfig"]!["defaults"]!["unit"]!.GetValue<string>(), Is.Not.Empty);
        foreach (var target in panel["targets"]!.AsArray())
        {
            var query = target!["expr"]!.GetValue<string>();
            Assert.That(PromQuery.Series(query), Is.Not.Empty.And.SubsetOf(KnownMetrics.Series), query);
            Assert.That(PromQuery.Labels(query), Is.SubsetOf(KnownMetrics.Labels), query);
            if (Dashboard.TypeOf(panel) is not "stat")
                Assert.That(target["legendFormat"]!.GetValue<string>(), Is.Not.Empty, query);
        }
    }

    [Test]
    public void Panels_do_not_overlap()
    {
        var taken = new HashSet<(int, int)>();
        foreach (var panel in Dashboard.Panels)
        {
            var place = panel["gridPos"]!;
            int x = place["x"]!.GetValue<int>(), y = place["y"]!.GetValue<int>(), width = place["w"]!.GetValue<int>(), height = place["h"]!.GetValue<int>();
            Assert.That(x + width, Is.LessThanOrEqualTo(24), Dashboard.TitleOf(panel));
            for (var cell = 0; cell < width * height; cell++)
                Assert.That(taken.Add((x + cell % width, y + cell / width)), Is.True, Dashboard.TitleOf(panel));
        }
    }

    [Test]
    public void Every_data_source_is_the_one_that_its_reader_chose()
    {
        var sources = new List<string>();
        Find(Dashboard.Document, sources);

        Assert.That(sources, Is.Not.Empty.And.All.EqualTo("${datasource}"));
        Assert.That(Dashboard.Document["templating"]!["list"]![0]!["type"]!.GetValue<string>(), Is.EqualTo("datasource"));
    }

    private static void Find(JsonNode? node, List<string> sources)
    {
        if (node is JsonArray items)
        {
            foreach (var item in items)
                Find(item, sources);
        }
        else if (node is JsonObject members)
        {
            foreach (var (name, value) in members)
            {
                if (name is "datasource" && value is JsonObject source)
                    sources.Add(source["uid"]!.GetValue<string>());
                else
                    Find(value, sources);
            }
        }
    }
}
