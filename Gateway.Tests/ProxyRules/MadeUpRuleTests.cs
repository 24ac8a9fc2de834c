using System.Text;
using System.Text.Json.Nodes;
using Gateway.Host.Catalogue;
using Gateway.Host.Keys;
using Gateway.Host.OpenAi;
using Gateway.Host.Pipeline;
using Gateway.Ledger;
using Gateway.Tests.Api;
using Gateway.Transforms;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Gateway.Tests.ProxyRules;

/// <summary>A new rule type is one file and one line: everything else follows from them.</summary>
internal sealed class MadeUpRuleTests : ControlPlaneFixture
{
    private const string Body = """{"model":"p/m","messages":[{"role":"user","content":"Hello"}]}""";
    private const string DryRunBody = $$"""{"body":{{Body}}}""";

    private static readonly KeySnapshot Key = new()
    {
        Id = "key_a", Workspace = "ws_default", Account = "acc_default", Kind = KeyKind.Inference, Limits = new KeyLimits { KeyId = "key_a" },
    };

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
    public async Task The_receipt_says_what_it_did()
    {
        var id = await CreateRuleAsync("shout", """{"word":"hey"}""");
        var http = new DefaultHttpContext { Request = { ContentType = "application/json", Body = new MemoryStream(Encoding.UTF8.GetBytes(Body)) } };
        using var call = new ModelCall(http, CallKind.Chat, Key, TimeSpan.FromMinutes(1), new Drains());
        await call.Body.ReadAsync(http.Request, 1 << 20, CancellationToken.None);
        var catalogue = App.Services.GetRequiredService<CatalogueSource>();

        // One channel: there is no order to find, and nothing is forwarded.
        var steps = new RuleSteps(Source, catalogue, new Forwarding(null!, null!, null!, null!), null!, TimeProvider.System, NullLogger<RuleChain>.Instance);
        var error = await steps.PrepareAsync(call);
        var applied = CallFactsOf.Request(call, call.Legs[0]).Rules.Single();

        Assert.That((error, applied.Id, applied.Type), Is.EqualTo(((GatewayError?)null, id, "shout")));
        Assert.That(Encoding.UTF8.GetString(applied.Effect), Is.EqualTo("""{"shouted":"HEY"}"""));
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
