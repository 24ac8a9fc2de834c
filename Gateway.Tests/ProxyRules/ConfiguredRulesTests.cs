using Gateway.Host.ProxyRules;
using Gateway.Host.Settings;
using Gateway.Tests.Api;
using Microsoft.Extensions.Configuration;
using NUnit.Framework;

namespace Gateway.Tests.ProxyRules;

internal sealed class ConfiguredRulesTests : ControlPlaneFixture
{
    private static readonly (string Name, string Value)[] Cap = [("0:type", "max_tokens_cap"), ("0:name", "cap"), ("0:config:maxTokens", "100"), ("0:priority", "3")];

    [Test]
    public async Task A_configured_rule_is_for_every_workspace_and_read_only_over_rest()
    {
        Configure(Cap);
        var listed = (await SendAsync("GET", "/api/proxy-rules")).Body["data"]![0]!;
        var path = $"/api/proxy-rules/{listed["id"]}";

        Assert.That((Source.Of("ws_default").Match([]).Count, Source.Of("ws_any").Match([]).Count), Is.EqualTo((1, 1)));
        Assert.That(
            (listed["source"]!.GetValue<string>(), listed["config"]!["maxTokens"]!.GetValue<long>(), listed["priority"]!.GetValue<int>(), listed["enabled"]!.GetValue<bool>()),
            Is.EqualTo(("configuration", 100, 3, true)));
        Assert.That((await SendAsync("GET", path)).Body.ToJsonString(), Is.EqualTo(listed.ToJsonString()));
        Assert.That((await SendAsync("PATCH", path, "{}")).Status, Is.EqualTo(409));
        Assert.That((await SendAsync("DELETE", path)).Status, Is.EqualTo(409));
    }

    [Test]
    public async Task A_workspace_limits_a_configured_rule_to_itself()
    {
        Configure([.. Cap, ("0:workspace", "ws_b")]);

        Assert.That((Source.Of("ws_default").Match([]).Count, Source.Of("ws_b").Match([]).Count), Is.EqualTo((0, 1)));
        Assert.That((await SendAsync("GET", "/api/proxy-rules")).Body["data"]!.AsArray(), Is.Empty);
        Assert.That((await SendAsync("GET", "/api/proxy-rules", null, ("X-Workspace", "ws_b"))).Body["data"]![0]!["workspace"]!.GetValue<string>(), Is.EqualTo("ws_b"));
    }

    [Test]
    public async Task Configured_and_stored_rules_run_together_and_the_list_goes_over_both()
    {
        Configure([.. Cap, ("1:type", "fallback_chain"), ("1:name", "chain"), ("1:config:candidates:0:provider", "q"), ("1:config:candidates:0:model", "o"), ("1:config:onStatus:0", "500")]);
        var stored = await CreateRuleAsync("max_tokens_cap", """{"maxTokens":7}""");

        Assert.That(Source.Of("ws_default").Match([]).Select(static rule => rule.Type), Is.EqualTo(new[] { "max_tokens_cap", "max_tokens_cap", "fallback_chain" }));
        Assert.That(Source.Of("ws_default").Match([])[0].Id, Is.EqualTo(stored), "its priority is lower");
        var first = (await SendAsync("GET", "/api/proxy-rules?limit=2")).Body;
        var second = (await SendAsync("GET", $"/api/proxy-rules?limit=2&cursor={first["nextCursor"]}")).Body;
        Assert.That((first["data"]!.AsArray().Count, second["data"]![0]!["id"]!.GetValue<string>()), Is.EqualTo((2, stored)));
    }

    [Test]
    public void A_changed_configuration_is_read_and_a_mistake_in_it_leaves_the_rules_as_they_were()
    {
        Configure(Cap);
        var (id, rule) = (Source.Of("ws_a").Match([])[0].Id, Source.Of("ws_a").Match([])[0].Rule);

        Configure([("0:config:maxTokens", "0")]);
        Assert.That(Source.Of("ws_a").Match([])[0].Rule, Is.SameAs(rule));
        Configure([("0:config:maxTokens", "5"), ("0:tag", "chat")]);
        Assert.That(Source.Of("ws_a").Match([]), Is.Empty);
        Assert.That(Source.Of("ws_a").Match(["chat"])[0].Id, Is.EqualTo(id), "the id comes from the name");
        Configure([("0:enabled", "false")]);
        Assert.That(Source.Of("ws_a").Match(["chat"]), Is.Empty);
    }

    [TestCase("type", "made_up", "Rules__0__type: must be one of")]
    [TestCase("name", "", "Rules__0__name:")]
    [TestCase("tag", "a b", "Rules__0__tag: must be 1 to 64")]
    [TestCase("priority", "1000001", "Rules__0__priority:")]
    [TestCase("priority", "first", "Rules__0__priority:")]
    [TestCase("enabled", "perhaps", "Rules__0__enabled:")]
    [TestCase("wieght", "1", "Rules__0__wieght: is not a known field.")]
    [TestCase("workspace", "b", "Rules__0__workspace: must be ws_")]
    [TestCase("config:maxTokens", "0", "Rules__0__config__maxTokens: must be from 1")]
    [TestCase("config:maxTokens", "many", "Rules__0__config__maxTokens:")]
    [TestCase("config:maxToken", "1", "Rules__0__config__maxToken: is not a known field.")]
    [TestCase("config", "100", "Rules__0__config:")]
    public void A_mistake_is_one_line_that_names_the_setting(string name, string value, string message)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (known, text) in Cap.Where(field => name != "config" || !field.Name.Contains("config", StringComparison.Ordinal)))
            settings[$"Rules:{known}"] = text;
        settings[$"Rules:0:{name}"] = value;
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();

        Assert.That(() => ConfiguredRules.Read(configuration, new RuleTypes(Transforms.Rules.ProxyRules.All)), Throws.TypeOf<SettingException>().With.Message.StartsWith(message));
    }

    [Test]
    public void Fields_of_a_list_are_named_by_their_place()
    {
        Dictionary<string, string?> settings = new(StringComparer.Ordinal)
        {
            ["Rules:0:type"] = "fallback_chain", ["Rules:0:name"] = "a", ["Rules:0:config:candidates:0:provider"] = "p", ["Rules:0:config:candidates:0:model"] = "a b",
        };
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();

        Assert.That(
            () => ConfiguredRules.Read(configuration, new RuleTypes(Transforms.Rules.ProxyRules.All)),
            Throws.TypeOf<SettingException>().With.Message.StartsWith("Rules__0__config__candidates__0__model: must be"));
    }

    [Test]
    public void Two_configured_rules_have_different_names()
    {
        Dictionary<string, string?> settings = new(StringComparer.Ordinal);
        foreach (var (name, value) in Cap)
            settings[$"Rules:{name}"] = settings[$"Rules:1{name[1..]}"] = value;
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();

        Assert.That(
            () => ConfiguredRules.Read(configuration, new RuleTypes(Transforms.Rules.ProxyRules.All)),
            Throws.TypeOf<SettingException>().With.Message.EqualTo("Rules__1__name: \"cap\" is the name of another rule."));
    }

    [Test]
    public void A_thousand_configured_rules_are_read_and_one_more_is_refused()
    {
        Dictionary<string, string?> settings = new(StringComparer.Ordinal);
        for (var i = 0; i <= ConfiguredRules.Most; i++)
            (settings[$"Rules:{i}:type"], settings[$"Rules:{i}:name"], settings[$"Rules:{i}:config:maxTokens"]) = ("max_tokens_cap", $"cap {i}", "1");
        var types = new RuleTypes(Transforms.Rules.ProxyRules.All);

        Assert.That(
            () => ConfiguredRules.Read(new ConfigurationBuilder().AddInMemoryCollection(settings).Build(), types),
            Throws.TypeOf<SettingException>().With.Message.StartsWith($"Rules__{ConfiguredRules.Most}: is one more"));
        foreach (var name in new[] { "type", "name", "config:maxTokens" })
            settings.Remove($"Rules:{ConfiguredRules.Most}:{name}");
        Assert.That(ConfiguredRules.Read(new ConfigurationBuilder().AddInMemoryCollection(settings).Build(), types), Has.Count.EqualTo(ConfiguredRules.Most));
    }

    private void Configure(IEnumerable<(string Name, string Value)> settings)
    {
        foreach (var (name, value) in settings)
            App.Configuration[$"Rules:{name}"] = value;
        ((IConfigurationRoot)App.Configuration).Reload();
    }
}
