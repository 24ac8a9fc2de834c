using System.Text.Json.Nodes;
using Gateway.Tests.Api;
using Gateway.Transforms;
using NUnit.Framework;

namespace Gateway.Tests.ProxyRules;

/// <summary>A new rule type is one file and one line: everything else follows from them.</summary>
internal sealed class MadeUpRuleTests : ControlPlaneFixture
{
    private const string DryRunBody = """{"body":{"model":"p/m","messages":[{"role":"user","content":"Hello"}]}}""";

    // The one line.
    private protected override IEnumerable<IRuleType> Types => [.. base.Types, ShoutRule.Type];

    [Test]
    public async Task Rest_takes_it_and_refuses_what_its_validator_refuses()
    {
        var made = await SendAsync("POST", "/api/proxy-rules", Rule("shout", """{"word":"hey"}"""));
        var tooLong = await SendAsync("POST", "/api/proxy-rules", Rule("shout", """{"word":"heyheyheyhe"}"""));
        var unknown = await SendAsync("POST", "/api/proxy-rules", Rule("shout", """{"word":"hey","loud":true}"""));

        Assert.That((made.Status, made.Body["config"]!["word"]!.GetValue<string>()), Is.EqualTo((201, "hey")));
        Assert.That((tooLong.Status, ErrorsOf(tooLong.Body).Keys.Single()), Is.EqualTo((400, "config.word")));
        Assert.That((unknown.Status, ErrorsOf(unknown.Body).Keys.Single()), Is.EqualTo((400, "config.loud")));
    }

    [Test]
    public async Task The_schema_has_it()
    {
        var branch = (await SendAsync("GET", "/api/proxy-rules/schema")).Body["oneOf"]!.AsArray().Single(static branch => branch!["title"]!.GetValue<string>() == "shout")!;

        Assert.That(branch["description"]!.GetValue<string>(), Is.EqualTo("Says a word on the receipt."));
        Assert.That(branch["properties"]!["config"]!["properties"]!["word"]!["description"]!.GetValue<string>(), Is.EqualTo("The word."));
    }

    [Test]
    public async Task The_dry_run_shows_what_it_does()
    {
        var id = await CreateRuleAsync("shout", """{"word":"hey"}""");

        var answer = (await SendAsync("POST", "/api/proxy-rules/dry-run", DryRunBody)).Body;

        Assert.That(answer["rules"]!.ToJsonString(), Is.EqualTo($$$"""[{"id":"{{{id}}}","type":"shout","effect":{"shouted":"HEY"}}]"""));
    }

    [Test]
    public async Task The_dry_run_shows_a_refusal()
    {
        await CreateRuleAsync("shout", """{"word":"no"}""");

        var (status, answer, _) = await SendAsync("POST", "/api/proxy-rules/dry-run", DryRunBody);

        Assert.That((status, answer["refused"]!.ToJsonString()), Is.EqualTo((200, """{"code":"shouted_at","message":"Do not shout."}""")));
        Assert.That(answer["body"]!.ToJsonString(), Is.EqualTo(JsonNode.Parse(DryRunBody)!["body"]!.ToJsonString()));
    }
}
