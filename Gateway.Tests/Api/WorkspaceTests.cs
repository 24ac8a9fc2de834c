using Gateway.Host.Api.Tags;
using Gateway.Transforms.Compression;
using NUnit.Framework;

namespace Gateway.Tests.Api;

internal sealed class WorkspaceTests : ControlPlaneFixture
{
    [Test]
    public async Task A_tag_is_put_read_listed_and_deleted()
    {
        var made = await SendAsync("PUT", "/api/tags/chat", """{"compression":"light"}""");
        var replaced = await SendAsync("PUT", "/api/tags/chat", """{"compression":"off"}""", ("If-Match", "\"1\""));
        var stale = await SendAsync("PUT", "/api/tags/chat", """{"compression":"light"}""", ("If-Match", "\"1\""));

        Assert.That((made.Status, made.Body["tag"]!.GetValue<string>(), made.Body["compression"]!.GetValue<string>(), made.ETag), Is.EqualTo((201, "chat", "light", "\"1\"")));
        Assert.That((replaced.Status, replaced.ETag, stale.Status), Is.EqualTo((200, "\"2\"", 412)));
        Assert.That((await SendAsync("GET", "/api/tags/chat")).Body["compression"]!.GetValue<string>(), Is.EqualTo("off"));
        Assert.That((await SendAsync("GET", "/api/tags")).Body["data"]!.AsArray(), Has.Count.EqualTo(1));
        Assert.That(Source.Of("ws_default").Settings.TagStrengths["chat"], Is.EqualTo(Strength.Off));
        Assert.That((await SendAsync("DELETE", "/api/tags/chat")).Status, Is.EqualTo(204));
        Assert.That((await SendAsync("GET", "/api/tags/chat")).Status, Is.EqualTo(404));
        Assert.That(Source.Of("ws_default").Settings.TagStrengths, Is.Empty);
    }

    [TestCase("/api/tags/a%20b", """{"compression":"light"}""", "tag")]
    [TestCase("/api/tags/chat", """{"compression":"strong"}""", "compression")]
    [TestCase("/api/tags/chat", """{"compression":2}""", "compression")]
    [TestCase("/api/tags/chat", "{}", "compression")]
    [TestCase("/api/tags/chat", """{"compression":"light","tag":"x"}""", "tag")]
    public async Task A_tag_that_is_not_sound_is_refused_by_field(string path, string body, string field)
    {
        var answer = await SendAsync("PUT", path, body);

        Assert.That((answer.Status, ErrorsOf(answer.Body).Keys.Single()), Is.EqualTo((400, field)));
    }

    [Test]
    public async Task Two_workspaces_have_the_same_tag_each_for_itself()
    {
        await SendAsync("PUT", "/api/tags/chat", """{"compression":"light"}""", ("X-Workspace", "ws_a"));
        await SendAsync("PUT", "/api/tags/chat", """{"compression":"medium"}""", ("X-Workspace", "ws_b"));

        Assert.That(Source.Of("ws_a").Settings.TagStrengths["chat"], Is.EqualTo(Strength.Light));
        Assert.That(Source.Of("ws_b").Settings.TagStrengths["chat"], Is.EqualTo(Strength.Medium));
        Assert.That((await SendAsync("GET", "/api/tags/chat")).Status, Is.EqualTo(404));
    }

    [Test]
    public async Task A_workspace_describes_a_thousand_tags()
    {
        for (var i = 0; i < TagEndpoints.MostTags; i++)
            Assert.That((await SendAsync("PUT", $"/api/tags/t{i}", """{"compression":"off"}""")).Status, Is.EqualTo(201));

        Assert.That((await SendAsync("PUT", "/api/tags/one-more", """{"compression":"off"}""")).Status, Is.EqualTo(409));
        Assert.That((await SendAsync("PUT", "/api/tags/t0", """{"compression":"light"}""")).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task A_workspace_shows_its_defaults_until_it_is_changed()
    {
        var before = await SendAsync("GET", "/api/workspace");
        var first = await SendAsync("PATCH", "/api/workspace", """{"compression":{"strength":"medium"}}""", ("If-Match", before.ETag!));
        var second = await SendAsync("PATCH", "/api/workspace", """{"compression":{"enabled":false},"shadowRate":0.05}""");
        var stale = await SendAsync("PATCH", "/api/workspace", "{}", ("If-Match", before.ETag!));

        Assert.That(before.Body["compression"]!.ToJsonString(), Is.EqualTo("""{"enabled":true,"strength":"off"}"""));
        Assert.That((before.Body["id"]!.GetValue<string>(), before.Body["shadowRate"]!.GetValue<decimal>(), before.ETag), Is.EqualTo(("ws_default", 0m, "\"0\"")));
        Assert.That((first.Status, first.ETag, second.ETag, stale.Status), Is.EqualTo((200, "\"1\"", "\"2\"", 412)));
        Assert.That(second.Body["compression"]!.ToJsonString(), Is.EqualTo("""{"enabled":false,"strength":"medium"}"""));
        var settings = Source.Of("ws_default").Settings;
        Assert.That((settings.CompressionEnabled, settings.DefaultStrength, settings.ShadowRate), Is.EqualTo((false, Strength.Medium, 0.05)));
        Assert.That(Source.Of("ws_b").Settings.CompressionEnabled, Is.True);
        Assert.That((await SendAsync("PATCH", "/api/workspace", """{"compression":null}""")).Body["compression"]!.ToJsonString(), Is.EqualTo("""{"enabled":true,"strength":"off"}"""));
    }

    [Test]
    public async Task A_default_strength_compresses_without_a_rule_of_its_own_and_after_those_that_there_are()
    {
        Assert.That(Source.Of("ws_default").Match([]), Is.Empty);
        await SendAsync("PATCH", "/api/workspace", """{"compression":{"strength":"light"}}""");
        var rule = await CreateRuleAsync("compress", """{"strength":"medium"}""", ""","priority":1000000""");

        Assert.That(Source.Of("ws_default").Match([]).Select(static rule => (rule.Id, rule.Type)), Is.EqualTo(new[] { (rule, "compress"), ("workspace", "compress") }));
        Assert.That((await SendAsync("GET", "/api/proxy-rules")).Body["data"]!.AsArray(), Has.Count.EqualTo(1), "it is no resource");
        await SendAsync("PATCH", "/api/workspace", """{"compression":{"enabled":false}}""");
        Assert.That(Source.Of("ws_default").Match([]).Select(static rule => rule.Id), Is.EqualTo(new[] { rule }));
    }

    [Test]
    public async Task A_tags_strength_compresses_requests_with_that_tag_alone()
    {
        await SendAsync("PUT", "/api/tags/chat", """{"compression":"light"}""");
        await SendAsync("PUT", "/api/tags/plain", """{"compression":"off"}""");
        var set = Source.Of("ws_default");

        Assert.That(set.Match(["chat"]).Select(static rule => rule.Id), Is.EqualTo(new[] { "workspace" }));
        Assert.That((set.Match([]).Count, set.Match(["plain"]).Count, set.Match(["other"]).Count), Is.EqualTo((0, 0, 0)));
    }

    [Test]
    public async Task The_dry_run_says_that_the_workspace_compressed()
    {
        await SendAsync("PUT", "/api/tags/chat", """{"compression":"light"}""");
        var rows = string.Join(",   ", Enumerable.Range(0, 200).Select(static i => $$"""{ \"id\" :  {{i}},  \"name\" : \"row\" }"""));
        var body = $$$"""{"model":"p/m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"[{{{rows}}}]"},{"role":"user","content":"b"}]}""";

        var (status, answer, _) = await SendAsync("POST", "/api/proxy-rules/dry-run", $$"""{"tags":["chat"],"body":{{body}}}""");

        Assert.That(status, Is.EqualTo(200), answer.ToJsonString());
        Assert.That((answer["rules"]![0]!["id"]!.GetValue<string>(), answer["rules"]![0]!["type"]!.GetValue<string>()), Is.EqualTo(("workspace", "compress")));
        Assert.That(answer["promptTokens"]!["after"]!.GetValue<long>(), Is.LessThan(answer["promptTokens"]!["before"]!.GetValue<long>()), answer["rules"]!.ToJsonString());
        Assert.That(answer["body"]!["messages"]![3]!["content"]!.GetValue<string>(), Is.EqualTo("b"));
    }

    [TestCase("""{"shadowRate":0.05}""", "")]
    [TestCase("""{"shadowRate":0.0500001}""", "shadowRate")]
    [TestCase("""{"shadowRate":-0.01}""", "shadowRate")]
    [TestCase("""{"alertThresholds":{}}""", "alertThresholds")]
    [TestCase("""{"compression":{"strength":"hard"}}""", "compression.strength")]
    [TestCase("""{"compression":{"level":1}}""", "compression.level")]
    [TestCase("""{"compression":"off"}""", "compression")]
    public async Task Fields_of_a_workspace_have_limits(string body, string field)
    {
        var answer = await SendAsync("PATCH", "/api/workspace", body);

        Assert.That(answer.Status, Is.EqualTo(field.Length == 0 ? 200 : 400), answer.Body.ToJsonString());
        if (field.Length > 0)
            Assert.That(ErrorsOf(answer.Body).Keys.Single(), Is.EqualTo(field));
    }
}
