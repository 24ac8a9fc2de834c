using Gateway.Transforms;
using NUnit.Framework;

namespace Gateway.Tests.ProxyRules;

internal sealed class RuleSetTests
{
    [Test]
    public void Matching_costs_the_same_with_ten_rules_and_ten_thousand()
    {
        var (few, many) = (SetOf(10), SetOf(10_000));
        string[] none = [], unknown = ["nobody"], one = ["t7"];

        Assert.That((BytesOf(few, none), BytesOf(many, none)), Is.EqualTo((0L, 0L)));
        Assert.That((BytesOf(few, unknown), BytesOf(many, unknown)), Is.EqualTo((0L, 0L)));
        Assert.That(BytesOf(many, one), Is.EqualTo(BytesOf(few, one)).And.Positive);
        Assert.That(many.Match(one).Select(static rule => rule.Id), Is.EqualTo(few.Match(one).Select(static rule => rule.Id)));
    }

    [Test]
    public void A_rule_that_a_request_meets_by_two_tags_runs_once()
    {
        var set = new RuleSet([Rule("a", "x", "y"), Rule("b"), Rule("c", "y")], RuleSettings.Default);

        Assert.That(set.Match(["y", "x", "y"]).Select(static rule => rule.Id), Is.EqualTo(new[] { "a", "b", "c" }));
    }

    // One rule a tag, but for one without: what a request looks at is two, whatever there is.
    private static RuleSet SetOf(int count) => new([Rule("all"), .. Enumerable.Range(0, count - 1).Select(static i => Rule($"rule_{i}", $"t{i}"))], RuleSettings.Default);

    private static CompiledRule Rule(string id, params string[] tags) => new(id, "made_up", RulePhase.Body, new ShoutRule(new ShoutConfig { Word = "a" })) { Tags = tags };

    private static long BytesOf(RuleSet set, string[] tags)
    {
        set.Match(tags);
        var before = GC.GetAllocatedBytesForCurrentThread();
        set.Match(tags);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
