using System.Text.Json.Nodes;
using Gateway.Host.Api.ProxyRules;
using Gateway.Ledger.Book;
using NUnit.Framework;

namespace Gateway.Tests.Api;

internal sealed class ProxyRulesTests : ControlPlaneFixture
{
    private const string Cap = """{"maxTokens":100}""";

    [Test]
    public async Task A_rule_is_made_read_changed_under_its_etag_and_deleted()
    {
        var made = await SendAsync("POST", "/api/proxy-rules", Rule("max_tokens_cap", Cap, ""","tag":"chat" """));
        var path = $"/api/proxy-rules/{made.Body["id"]}";

        Assert.That(made.Status, Is.EqualTo(201));
        Assert.That(made.Body["id"]!.GetValue<string>(), Does.Match("^rule_[0-9a-f]{32}$"));
        Assert.That(
            (made.Body["type"]!.GetValue<string>(), made.Body["tag"]!.GetValue<string>(), made.Body["enabled"]!.GetValue<bool>(), made.Body["priority"]!.GetValue<int>()),
            Is.EqualTo(("max_tokens_cap", "chat", true, 0)));
        Assert.That((made.Body["source"]!.GetValue<string>(), made.Body["workspace"]!.GetValue<string>(), made.ETag), Is.EqualTo(("rest", "ws_default", "\"1\"")));
        Assert.That((await SendAsync("GET", path)).Body.ToJsonString(), Is.EqualTo(made.Body.ToJsonString()));
        var changed = await SendAsync("PATCH", path, """{"config":{"maxTokens":200},"priority":5}""", ("If-Match", "\"1\""));
        Assert.That((changed.Status, changed.ETag, changed.Body["config"]!["maxTokens"]!.GetValue<int>(), changed.Body["priority"]!.GetValue<int>()), Is.EqualTo((200, "\"2\"", 200, 5)));
        Assert.That((await SendAsync("PATCH", path, """{"priority":6}""", ("If-Match", "\"1\""))).Status, Is.EqualTo(412));
        Assert.That((await SendAsync("DELETE", path, null, ("If-Match", "\"1\""))).Status, Is.EqualTo(412));
        Assert.That((await SendAsync("DELETE", path, null, ("If-Match", "\"2\""))).Status, Is.EqualTo(204));
        Assert.That((await SendAsync("GET", path)).Status, Is.EqualTo(404));
        Assert.That(Source.Of("ws_default").Match(["chat"]), Is.Empty);
    }

    [Test]
    public async Task A_rule_is_in_force_when_its_write_is_answered()
    {
        var id = await CreateRuleAsync("max_tokens_cap", Cap);
        var first = Source.Of("ws_default");

        Assert.That(first.Match([]).Single().Id, Is.EqualTo(id));
        await SendAsync("PATCH", $"/api/proxy-rules/{id}", """{"enabled":false}""");
        Assert.That(Source.Of("ws_default").Match([]), Is.Empty);
        Assert.That(first.Match([]), Has.Count.EqualTo(1), "a request keeps the rules that it started with");
        await SendAsync("PATCH", $"/api/proxy-rules/{id}", """{"enabled":true,"tag":"chat"}""");
        Assert.That((Source.Of("ws_default").Match([]).Count, Source.Of("ws_default").Match(["chat"]).Count), Is.EqualTo((0, 1)));
        await SendAsync("PATCH", $"/api/proxy-rules/{id}", """{"tag":null}""");
        Assert.That(Source.Of("ws_default").Match([]), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_change_compiles_what_it_changed_and_nothing_else()
    {
        var kept = await CreateRuleAsync("max_tokens_cap", Cap);
        var other = await CreateRuleAsync("max_tokens_cap", Cap);
        await CreateRuleAsync("max_tokens_cap", Cap, workspace: "ws_b");
        var (before, elsewhere) = (Source.Of("ws_default").Match([]), Source.Of("ws_b"));

        await SendAsync("PATCH", $"/api/proxy-rules/{other}", """{"config":{"maxTokens":7}}""");
        await SendAsync("PATCH", "/api/workspace", """{"shadowRate":0.01}""");

        var after = Source.Of("ws_default").Match([]);
        Assert.That(after.Single(rule => rule.Id == kept).Rule, Is.SameAs(before.Single(rule => rule.Id == kept).Rule));
        Assert.That(after.Single(rule => rule.Id == other).Rule, Is.Not.SameAs(before.Single(rule => rule.Id == other).Rule));
        Assert.That(Source.Of("ws_b"), Is.SameAs(elsewhere));
    }

    [Test]
    public async Task Rules_of_a_type_run_by_priority_then_age()
    {
        var last = await CreateRuleAsync("max_tokens_cap", Cap, ""","priority":2""");
        var older = await CreateRuleAsync("max_tokens_cap", Cap, ""","priority":1""");
        var younger = await CreateRuleAsync("max_tokens_cap", Cap, ""","priority":1""");
        var model = await CreateRuleAsync("model_override", """{"fromModel":"x","toModel":"p/m"}""", ""","priority":9""");

        Assert.That(Source.Of("ws_default").Match([]).Select(static rule => rule.Id), Is.EqualTo(new[] { model, older, younger, last }));
    }

    [TestCase("\"name\":\"{100}\"", 201, "")]
    [TestCase("\"name\":\"{101}\"", 400, "name")]
    [TestCase("\"name\":\"\"", 400, "name")]
    [TestCase("\"name\":\"a\\u0000\"", 400, "name")]
    [TestCase("\"name\":null", 400, "name")]
    [TestCase("\"name\":\"a\",\"priority\":1000000", 201, "")]
    [TestCase("\"name\":\"a\",\"priority\":1000001", 400, "priority")]
    [TestCase("\"name\":\"a\",\"priority\":0", 201, "")]
    [TestCase("\"name\":\"a\",\"priority\":-1", 400, "priority")]
    [TestCase("\"name\":\"a\",\"priority\":\"1\"", 400, "priority")]
    [TestCase("\"name\":\"a\",\"priority\":1.5", 400, "priority")]
    [TestCase("\"name\":\"a\",\"tag\":\"{64}\"", 201, "")]
    [TestCase("\"name\":\"a\",\"tag\":\"{65}\"", 400, "tag")]
    [TestCase("\"name\":\"a\",\"tag\":\"\"", 400, "tag")]
    [TestCase("\"name\":\"a\",\"tag\":\"a b\"", 400, "tag")]
    [TestCase("\"name\":\"a\",\"enabled\":\"true\"", 400, "enabled")]
    [TestCase("\"name\":\"a\",\"workspace\":\"ws_b\"", 400, "workspace")]
    [TestCase("\"name\":\"a\",\"id\":\"rule_a\"", 400, "id")]
    [TestCase("\"name\":\"a\",\"name\":\"b\"", 400, "name")]
    public async Task Fields_of_a_rule_have_limits(string fields, int status, string field)
    {
        foreach (var length in new[] { 64, 65, 100, 101 })
            fields = fields.Replace($"{{{length}}}", new string('a', length), StringComparison.Ordinal);

        var answer = await SendAsync("POST", "/api/proxy-rules", $$"""{"type":"max_tokens_cap","config":{{Cap}},{{fields}}}""");

        Assert.That(answer.Status, Is.EqualTo(status), answer.Body.ToJsonString());
        if (status == 400)
            Assert.That(ErrorsOf(answer.Body).Keys, Does.Contain(field));
    }

    [TestCase("max_tokens_cap", """{"maxTokens":1}""", "")]
    [TestCase("max_tokens_cap", """{"maxTokens":0}""", "config.maxTokens")]
    [TestCase("max_tokens_cap", """{"maxTokens":2147483647}""", "")]
    [TestCase("max_tokens_cap", """{"maxTokens":2147483648}""", "config.maxTokens")]
    [TestCase("max_tokens_cap", """{"maxTokens":"1"}""", "config.maxTokens")]
    [TestCase("max_tokens_cap", """{"maxTokens":1.5}""", "config.maxTokens")]
    [TestCase("max_tokens_cap", """{"maxTokens":null}""", "config.maxTokens")]
    [TestCase("max_tokens_cap", """{"maxTokens":1,"maxToken":1}""", "config.maxToken")]
    [TestCase("max_tokens_cap", """{"maxTokens":1,"maxTokens":2}""", "config")]
    [TestCase("max_tokens_cap", "{}", "config.maxTokens")]
    [TestCase("max_tokens_cap", "[]", "config")]
    [TestCase("max_tokens_cap", "null", "config")]
    [TestCase("max_tokens_cap", "7", "config")]
    [TestCase("model_override", """{"fromModel":"a","toModel":"p/m"}""", "")]
    [TestCase("model_override", """{"fromModel":"{256}","toModel":"p/m"}""", "")]
    [TestCase("model_override", """{"fromModel":"{257}","toModel":"p/m"}""", "config.fromModel")]
    [TestCase("model_override", """{"fromModel":"a","toModel":"{257}"}""", "config.toModel")]
    [TestCase("model_override", """{"fromModel":"a b","toModel":"p/m"}""", "config.fromModel")]
    [TestCase("model_override", """{"fromModel":"p/*","toModel":"p/m"}""", "config.fromModel")]
    [TestCase("model_override", """{"fromModel":"p/m","toModel":"p/m"}""", "config.toModel")]
    [TestCase("model_override", """{"fromModel":"a"}""", "config.toModel")]
    [TestCase("model_override", """{"fromModel":"a","toModel":"p/unknown"}""", "config.toModel")]
    [TestCase("model_override", """{"fromModel":"a","toModel":"o"}""", "")]
    [TestCase("model_override", """{"fromModel":"m","toModel":"p/m"}""", "")]
    [TestCase("fallback_chain", """{"candidates":[]}""", "config.candidates")]
    [TestCase("fallback_chain", """{"candidates":null}""", "config.candidates")]
    [TestCase("fallback_chain", """{"candidates":[{"provider":"p","model":"m"}]}""", "")]
    [TestCase("fallback_chain", """{"candidates":[{8}]}""", "")]
    [TestCase("fallback_chain", """{"candidates":[{9}]}""", "config.candidates")]
    [TestCase("fallback_chain", """{"candidates":[null]}""", "config.candidates[0]")]
    [TestCase("fallback_chain", """{"candidates":[{"model":"m"}]}""", "config.candidates[0].provider")]
    [TestCase("fallback_chain", """{"candidates":[{"provider":"p","model":"m"},{"provider":"p","model":"o"}]}""", "config.candidates[1].model")]
    [TestCase("fallback_chain", """{"candidates":[{"provider":"p","model":"m","price":1}]}""", "config.candidates[0].price")]
    [TestCase("fallback_chain", """{"candidates":[{"provider":"p","model":"m"}],"onStatus":[400,599]}""", "")]
    [TestCase("fallback_chain", """{"candidates":[{"provider":"p","model":"m"}],"onStatus":[399]}""", "config.onStatus[0]")]
    [TestCase("fallback_chain", """{"candidates":[{"provider":"p","model":"m"}],"onStatus":[600]}""", "config.onStatus[0]")]
    [TestCase("fallback_chain", """{"candidates":[{"provider":"p","model":"m"}],"onStatus":[]}""", "config.onStatus")]
    [TestCase("fallback_chain", """{"candidates":[{"provider":"p","model":"m"}],"onStatus":[{32}]}""", "")]
    [TestCase("fallback_chain", """{"candidates":[{"provider":"p","model":"m"}],"onStatus":[{33}]}""", "config.onStatus")]
    [TestCase("fallback_chain", """{"candidates":[{"provider":"p","model":"m"}],"onTimeoutMs":49}""", "config.onTimeoutMs")]
    [TestCase("fallback_chain", """{"candidates":[{"provider":"p","model":"m"}],"onTimeoutMs":50}""", "")]
    [TestCase("fallback_chain", """{"candidates":[{"provider":"p","model":"m"}],"onTimeoutMs":600000}""", "")]
    [TestCase("fallback_chain", """{"candidates":[{"provider":"p","model":"m"}],"onTimeoutMs":600001}""", "config.onTimeoutMs")]
    [TestCase("fallback_chain", """{"candidates":[{"provider":"p","model":"m"}],"maxAttempts":1}""", "")]
    [TestCase("fallback_chain", """{"candidates":[{"provider":"p","model":"m"}],"maxAttempts":0}""", "config.maxAttempts")]
    [TestCase("fallback_chain", """{"candidates":[{"provider":"p","model":"m"}],"maxAttempts":9}""", "")]
    [TestCase("fallback_chain", """{"candidates":[{"provider":"p","model":"m"}],"maxAttempts":10}""", "config.maxAttempts")]
    [TestCase("made_up", "{}", "type")]
    public async Task Configurations_have_limits(string type, string config, string field)
    {
        foreach (var length in new[] { 256, 257 })
            config = config.Replace($"{{{length}}}", new string('a', length), StringComparison.Ordinal);
        foreach (var count in new[] { 8, 9 })
            config = config.Replace($"{{{count}}}", string.Join(',', Enumerable.Repeat("""{"provider":"p","model":"m"}""", count)), StringComparison.Ordinal);
        foreach (var count in new[] { 32, 33 })
            config = config.Replace($"{{{count}}}", string.Join(',', Enumerable.Repeat("500", count)), StringComparison.Ordinal);

        var answer = await SendAsync("POST", "/api/proxy-rules", Rule(type, config));

        Assert.That(answer.Status, Is.EqualTo(field.Length == 0 ? 201 : 400), answer.Body.ToJsonString());
        if (field.Length > 0)
            Assert.That(ErrorsOf(answer.Body).Keys, Does.Contain(field));
    }

    [Test]
    public async Task Another_type_needs_its_own_configuration_and_inherits_none()
    {
        var path = $"/api/proxy-rules/{await CreateRuleAsync("max_tokens_cap", Cap)}";

        var without = await SendAsync("PATCH", path, """{"type":"model_override"}""");
        var with = await SendAsync("PATCH", path, """{"type":"model_override","config":{"fromModel":"a","toModel":"p/m"}}""");

        Assert.That((without.Status, ErrorsOf(without.Body).Keys.Single()), Is.EqualTo((400, "config")));
        Assert.That((with.Status, with.Body["config"]!.ToJsonString()), Is.EqualTo((200, """{"fromModel":"a","toModel":"p/m"}""")));
    }

    [Test]
    public async Task A_null_takes_a_field_out_of_the_configuration()
    {
        var path = $"/api/proxy-rules/{await CreateRuleAsync("fallback_chain", """{"candidates":[{"provider":"p","model":"m"}],"onStatus":[500],"maxAttempts":2}""")}";

        var patched = await SendAsync("PATCH", path, """{"config":{"onStatus":null}}""");
        var unknown = await SendAsync("PATCH", path, """{"config":{"candidate":null}}""");

        Assert.That(patched.Body["config"]!.ToJsonString(), Is.EqualTo("""{"candidates":[{"provider":"p","model":"m"}],"maxAttempts":2}"""));
        Assert.That(unknown.Status, Is.EqualTo(200), "a merge patch that takes away what is not there changes nothing");
    }

    [Test]
    public async Task A_cycle_of_overrides_is_refused_and_named()
    {
        await CreateRuleAsync("model_override", """{"fromModel":"p/m","toModel":"p/n"}""");
        await CreateRuleAsync("model_override", """{"fromModel":"n","toModel":"o"}""");

        var direct = await SendAsync("POST", "/api/proxy-rules", Rule("model_override", """{"fromModel":"p/n","toModel":"p/m"}"""));
        var longer = await SendAsync("POST", "/api/proxy-rules", Rule("model_override", """{"fromModel":"q/o","toModel":"p/m"}"""));
        var disabled = await CreateRuleAsync("model_override", """{"fromModel":"q/o","toModel":"p/m"}""", ""","enabled":false""");
        var switchedOn = await SendAsync("PATCH", $"/api/proxy-rules/{disabled}", """{"enabled":true}""");

        Assert.That((direct.Status, ErrorsOf(direct.Body)["config.toModel"]), Is.EqualTo((400, "closes a cycle of overrides: p/n -> p/m -> p/n.")));
        Assert.That((longer.Status, ErrorsOf(longer.Body)["config.toModel"]), Is.EqualTo((400, "closes a cycle of overrides: q/o -> p/m -> p/n -> o.")));
        Assert.That((switchedOn.Status, ErrorsOf(switchedOn.Body).Keys.Single()), Is.EqualTo((400, "config.toModel")));
    }

    [Test]
    public async Task Overrides_of_tags_that_no_request_has_together_are_no_cycle()
    {
        await CreateRuleAsync("model_override", """{"fromModel":"p/m","toModel":"p/n"}""", ""","tag":"cheap" """);

        Assert.That((await SendAsync("POST", "/api/proxy-rules", Rule("model_override", """{"fromModel":"p/n","toModel":"p/m"}""", ""","tag":"good" """))).Status, Is.EqualTo(201));
        Assert.That((await SendAsync("POST", "/api/proxy-rules", Rule("model_override", """{"fromModel":"p/n","toModel":"p/m"}""", ""","tag":"cheap" """))).Status, Is.EqualTo(400));
    }

    [Test]
    public async Task A_rule_is_switched_off_even_when_its_model_is_gone()
    {
        await AddModelAsync("p", "short-lived");
        var id = await CreateRuleAsync("model_override", """{"fromModel":"a","toModel":"p/short-lived"}""");
        var models = (await SendAsync("GET", "/api/models")).Body["data"]!.AsArray();
        await SendAsync("DELETE", $"/api/models/{models.Single(model => model!["model"]!.GetValue<string>() == "short-lived")!["id"]}");

        Assert.That((await SendAsync("PATCH", $"/api/proxy-rules/{id}", """{"name":"renamed"}""")).Status, Is.EqualTo(400));
        Assert.That((await SendAsync("PATCH", $"/api/proxy-rules/{id}", """{"enabled":false}""")).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task A_write_is_repeated_under_its_idempotency_key_without_a_second_one()
    {
        var key = ("Idempotency-Key", "k");
        var first = await SendAsync("POST", "/api/proxy-rules", Rule("max_tokens_cap", Cap), key);
        var again = await SendAsync("POST", "/api/proxy-rules", Rule("max_tokens_cap", Cap), key);
        var reused = await SendAsync("POST", "/api/proxy-rules", Rule("max_tokens_cap", """{"maxTokens":101}"""), key);
        var path = $"/api/proxy-rules/{first.Body["id"]}";
        var patched = await SendAsync("PATCH", path, """{"priority":3}""", ("Idempotency-Key", "p"), ("If-Match", "\"1\""));
        var patchedAgain = await SendAsync("PATCH", path, """{"priority":3}""", ("Idempotency-Key", "p"), ("If-Match", "\"1\""));

        Assert.That((first.Status, again.Status, reused.Status), Is.EqualTo((201, 201, 422)));
        Assert.That(again.Body.ToJsonString(), Is.EqualTo(first.Body.ToJsonString()));
        Assert.That(((await SendAsync("GET", "/api/proxy-rules")).Body["data"]!.AsArray().Count, patched.Status, patchedAgain.Status, patchedAgain.ETag), Is.EqualTo((1, 200, 200, "\"2\"")));
        Assert.That((await SendAsync("DELETE", path, null, ("Idempotency-Key", "d"))).Status, Is.EqualTo(204));
        Assert.That((await SendAsync("DELETE", path, null, ("Idempotency-Key", "d"))).Status, Is.EqualTo(204));
    }

    [Test]
    public async Task Each_write_leaves_an_audit_record_and_a_refused_one_none()
    {
        var id = await CreateRuleAsync("max_tokens_cap", Cap);
        await SendAsync("PATCH", $"/api/proxy-rules/{id}", """{"priority":-1}""");
        await SendAsync("PATCH", $"/api/proxy-rules/{id}", """{"priority":1}""");
        await SendAsync("PUT", "/api/tags/chat", """{"compression":"light"}""");
        await SendAsync("PATCH", "/api/workspace", """{"shadowRate":0.05}""");
        await SendAsync("DELETE", $"/api/proxy-rules/{id}");

        var audit = (await SendAsync("GET", "/api/audit", null, ("X-Workspace", "ws_default"))).Body["data"]!.AsArray();

        Assert.That(
            audit.Select(static record => $"{record!["action"]} {record["kind"]}"),
            Is.EqualTo(new[] { "delete rule", "create workspace", "create tag", "update rule", "create rule" }));
        Assert.That((audit[3]!["before"]!["priority"]!.GetValue<int>(), audit[3]!["after"]!["priority"]!.GetValue<int>()), Is.EqualTo((0, 1)));
    }

    [Test]
    public async Task Workspaces_do_not_see_each_others_rules()
    {
        var theirs = await CreateRuleAsync("max_tokens_cap", Cap, workspace: "ws_b");
        var key = (await SendAsync("POST", "/api/keys", """{"name":"m","kind":"management","scopes":["rules:read","rules:write"]}""")).Body["key"]!.GetValue<string>();
        var bearer = ("Authorization", $"Bearer {key}");

        Assert.That((await SendAsync("GET", $"/api/proxy-rules/{theirs}", null, bearer)).Status, Is.EqualTo(404));
        Assert.That((await SendAsync("PATCH", $"/api/proxy-rules/{theirs}", "{}", bearer)).Status, Is.EqualTo(404));
        Assert.That((await SendAsync("DELETE", $"/api/proxy-rules/{theirs}", null, bearer)).Status, Is.EqualTo(404));
        Assert.That((await SendAsync("GET", "/api/proxy-rules", null, bearer)).Body["data"]!.AsArray(), Is.Empty);
        Assert.That((await SendAsync("GET", "/api/proxy-rules", null, bearer, ("X-Workspace", "ws_b"))).Status, Is.EqualTo(403));
        Assert.That((Source.Of("ws_default").Match([]).Count, Source.Of("ws_b").Match([]).Count), Is.EqualTo((0, 1)));
    }

    [TestCase("GET", "/api/proxy-rules", "rules:read")]
    [TestCase("POST", "/api/proxy-rules", "rules:write")]
    [TestCase("GET", "/api/proxy-rules/schema", "rules:read")]
    [TestCase("POST", "/api/proxy-rules/dry-run", "rules:read")]
    [TestCase("PUT", "/api/tags/a", "rules:write")]
    [TestCase("GET", "/api/workspace", "workspace:read")]
    [TestCase("PATCH", "/api/workspace", "workspace:write")]
    public async Task A_management_key_needs_the_scope(string method, string path, string scope)
    {
        var key = (await SendAsync("POST", "/api/keys", """{"name":"m","kind":"management","scopes":["keys:read"]}""")).Body["key"]!.GetValue<string>();
        var good = (await SendAsync("POST", "/api/keys", $$"""{"name":"m","kind":"management","scopes":["{{scope}}"]}""")).Body["key"]!.GetValue<string>();
        var body = method == "GET" ? null : "{}";

        Assert.That((await SendAsync(method, path, body, ("Authorization", $"Bearer {key}"))).Status, Is.EqualTo(403));
        Assert.That((await SendAsync(method, path, body, ("Authorization", $"Bearer {good}"))).Status, Is.AnyOf(200, 400));
    }

    [Test]
    public async Task A_list_is_filtered_and_goes_page_by_page()
    {
        for (var i = 0; i < 5; i++)
        {
            await CreateRuleAsync("max_tokens_cap", Cap, $$""","priority":{{i}},"tag":"t{{i % 2}}" """);
            await CreateRuleAsync("model_override", $$"""{"fromModel":"a{{i}}","toModel":"p/m"}""");
        }

        var found = new List<JsonNode?>();
        string? cursor = null;
        do
        {
            var page = (await SendAsync("GET", $"/api/proxy-rules?limit=2&type=max_tokens_cap{(cursor is null ? "" : $"&cursor={cursor}")}")).Body;
            found.AddRange(page["data"]!.AsArray());
            cursor = page["nextCursor"]?.GetValue<string>();
        }
        while (cursor is not null);

        Assert.That(found.Select(static rule => rule!["priority"]!.GetValue<int>()), Is.EquivalentTo(new[] { 0, 1, 2, 3, 4 }), "rules of one millisecond stand in any order");
        Assert.That((await SendAsync("GET", "/api/proxy-rules?type=max_tokens_cap&tag=t1")).Body["data"]!.AsArray(), Has.Count.EqualTo(2));
        Assert.That((await SendAsync("GET", "/api/proxy-rules?type=nope")).Status, Is.EqualTo(400));
        Assert.That((await SendAsync("GET", "/api/proxy-rules?tag=a%20b")).Status, Is.EqualTo(400));
    }

    [Test]
    public async Task A_workspace_has_at_most_ten_thousand_rules()
    {
        var body = System.Text.Encoding.UTF8.GetBytes(Rule("max_tokens_cap", Cap, ""","enabled":true,"priority":0"""));
        for (var i = 0; i < ProxyRuleEndpoints.MostRules - 1; i++)
            await Store.CreateAsync(new Resource("rule", $"rule_{i:D5}", "ws_default", null, body, 1, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch), new Authorship("test"), default);

        var last = await SendAsync("POST", "/api/proxy-rules", Rule("max_tokens_cap", Cap), ("Idempotency-Key", "last"));
        var oneMore = await SendAsync("POST", "/api/proxy-rules", Rule("max_tokens_cap", Cap));
        var lastAgain = await SendAsync("POST", "/api/proxy-rules", Rule("max_tokens_cap", Cap), ("Idempotency-Key", "last"));

        Assert.That((last.Status, oneMore.Status, lastAgain.Status), Is.EqualTo((201, 409, 201)));
        Assert.That((await SendAsync("POST", "/api/proxy-rules", Rule("max_tokens_cap", Cap), ("X-Workspace", "ws_b"))).Status, Is.EqualTo(201));
        Assert.That(Source.Of("ws_default").Match([]), Has.Count.EqualTo(ProxyRuleEndpoints.MostRules));
    }

    [Test]
    public async Task The_schema_has_a_branch_for_each_type()
    {
        var schema = (await SendAsync("GET", "/api/proxy-rules/schema")).Body;

        var branches = schema["oneOf"]!.AsArray();
        Assert.That(schema["$schema"]!.GetValue<string>(), Is.EqualTo("https://json-schema.org/draft/2020-12/schema"));
        Assert.That(branches.Select(static branch => branch!["properties"]!["type"]!["const"]!.GetValue<string>()), Is.EqualTo(Types.Select(static type => type.Name)));
        foreach (var branch in branches)
        {
            var config = branch!["properties"]!["config"]!;
            Assert.That(branch["description"]!.GetValue<string>(), Is.Not.Empty);
            Assert.That((branch["additionalProperties"]!.GetValue<bool>(), config["additionalProperties"]!.GetValue<bool>()), Is.EqualTo((false, false)));
            Assert.That(config["properties"]!.AsObject(), Is.Not.Empty);
            Assert.That(config.ToJsonString(), Does.Not.Contain("#/"), "a reference would break where the schema is embedded");
        }
    }
}
