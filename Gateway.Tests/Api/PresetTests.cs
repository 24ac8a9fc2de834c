using System.Text.Json.Nodes;
using Gateway.Host.Api;
using Gateway.Host.Catalogue;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;

namespace Gateway.Tests.Api;

internal sealed class PresetTests : ControlPlaneFixture
{
    private const string Choice = """{"routeType":"official","creditsPerUsd":1,"models":["anthropic/claude-haiku-5-5","openai/text-embedding-3-small"]}""";

    private CatalogueSource Catalogue => App.Services.GetRequiredService<CatalogueSource>();

    [Test]
    public void Every_price_preset_can_be_imported_and_says_where_it_is_from()
    {
        foreach (var preset in PricePresets.All)
        {
            var fields = new ModelFields
            {
                Provider = preset.Provider, Model = preset.Model, Kind = preset.Kind, ContextWindow = preset.ContextWindow, MaxOutputTokens = preset.MaxOutputTokens,
                Prices = [preset.Price with { RouteType = Ledger.RouteType.Official }],
            };

            Assert.That(new ModelFieldsValidator().Validate(fields).Errors, Is.Empty, preset.Id());
            Assert.That(Uri.TryCreate(preset.Source, UriKind.Absolute, out var source) && source.Scheme == "https", preset.Id());
            Assert.That(preset.AsOf, Is.InRange(new DateOnly(2026, 1, 1), new DateOnly(2026, 11, 21)), preset.Id());
            Assert.That((preset.Price.RouteType, preset.Price.Currency, preset.Price.EffectiveAt, preset.Price.Version), Is.EqualTo(((Ledger.RouteType?)null, (string?)null, (DateTimeOffset?)null, (int?)null)));
            Assert.That(preset.Price.CachedInputPricePer1M is null || preset.Price.CachedInputPricePer1M < preset.Price.InputPricePer1M, preset.Id());
            Assert.That((preset.Price.Tiers ?? []).All(tier => tier.InputPricePer1M > preset.Price.InputPricePer1M && tier.OutputPricePer1M > preset.Price.OutputPricePer1M), preset.Id());
        }

        Assert.That(PricePresets.All.Select(preset => preset.Provider).Distinct().All(provider => Transforms.Providers.ProviderPresets.Find(provider) is not null));
    }

    [Test]
    public async Task Providers_and_prices_are_shown_to_any_management_key_and_to_nobody_else()
    {
        var made = await SendAsync("POST", "/api/keys", """{"name":"m","kind":"management","scopes":["keys:read"]}""");
        var key = ("Authorization", $"Bearer {made.Body["key"]}");

        var providers = await SendAsync("GET", "/api/presets/providers", null, key);
        var prices = await SendAsync("GET", "/api/presets/prices", null, key);

        var gemini = providers.Body["data"]!.AsArray().Single(preset => (string?)preset!["name"] == "gemini")!;
        Assert.That(((string?)gemini["api"], (string?)gemini["authHeader"], (string?)gemini["checked"]), Is.EqualTo(("gemini", "x-goog-api-key", "2026-11-21")));
        Assert.That((string?)providers.Body["data"]![0]!["api"], Is.EqualTo("openai"));
        Assert.That(prices.Body["models"]!.AsArray(), Has.Count.EqualTo(PricePresets.All.Count));
        Assert.That((await SendAsync("POST", "/api/presets/prices/diff", Choice, key)).Status, Is.EqualTo(403));
        Assert.That((await SendAsync("POST", "/api/presets/prices/import", Choice, key)).Status, Is.EqualTo(403));
        Assert.That((await SendAsync("GET", "/api/presets/prices", null, ("Authorization", "Bearer tw_api_nobody"))).Status, Is.EqualTo(401));
        Assert.That((await SendAsync("DELETE", "/api/presets/prices")).Status, Is.EqualTo(405));
    }

    [Test]
    public async Task Nothing_is_written_without_being_asked()
    {
        await SendAsync("GET", "/api/presets/prices");
        var difference = await SendAsync("POST", "/api/presets/prices/diff", """{"routeType":"official","creditsPerUsd":1}""");

        Assert.That(difference.Body["data"]!.AsArray().Select(one => (string?)one!["status"]), Has.All.EqualTo("absent"));
        Assert.That(Catalogue.Current.Models.Select(model => model.Provider), Is.All.EqualTo("p").Or.EqualTo("q"));
    }

    [Test]
    public async Task An_import_makes_models_then_leaves_them_then_adds_versions()
    {
        var first = await SendAsync("POST", "/api/presets/prices/import", Choice, ("Idempotency-Key", "k"));
        var again = await SendAsync("POST", "/api/presets/prices/import", Choice, ("Idempotency-Key", "k"));
        var dearer = await SendAsync("POST", "/api/presets/prices/import", Choice.Replace("\"creditsPerUsd\":1", "\"creditsPerUsd\":10,\"markupPercent\":5"));

        Assert.That((first.Status, again.Status, dearer.Status), Is.EqualTo((200, 200, 200)), first.Body.ToJsonString());
        Assert.That(Results(first.Body), Is.EqualTo(new[] { "created", "created" }));
        Assert.That(Results(again.Body), Is.EqualTo(new[] { "unchanged", "unchanged" }));
        Assert.That(Results(dearer.Body), Is.EqualTo(new[] { "priced", "priced" }));
        var id = (string?)first.Body["data"]![0]!["id"];
        var model = (await SendAsync("GET", $"/api/models/{id}")).Body;
        Assert.That(((string?)model["kind"], (int)model["contextWindow"]!, (int)model["maxOutputTokens"]!), Is.EqualTo(("chat", 1_000_000, 128_000)));
        Assert.That(model["prices"]!.AsArray().Select(price => ((int)price!["version"]!, (decimal)price["inputPricePer1M"]!, (decimal)price["tiers"]![0]!["outputPricePer1M"]!, (long)price["tiers"]![0]!["aboveInputTokens"]!)),
            Is.EqualTo(new[] { (1, 0.1m, 2.5m, 100_000L), (2, 1.05m, 26.25m, 100_000L) }));
        Assert.That(Catalogue.Current.Models.Single(one => one.Id == "openai/text-embedding-3-small").Kind, Is.EqualTo(ModelKind.Embedding));
    }

    [Test]
    public async Task An_import_is_in_the_audit_like_any_write()
    {
        await SendAsync("POST", "/api/presets/prices/import", Choice);

        var audit = (await SendAsync("GET", "/api/audit")).Body["data"]!.AsArray().Select(entry => entry!.ToJsonString()).ToArray();
        Assert.That(audit.Count(entry => entry.Contains("claude-haiku-5-5", StringComparison.Ordinal) || entry.Contains("text-embedding-3-small", StringComparison.Ordinal)), Is.EqualTo(2), string.Join('\n', audit));
    }

    [Test]
    public async Task A_difference_shows_both_prices()
    {
        await SendAsync("POST", "/api/presets/prices/import", Choice);

        var same = await SendAsync("POST", "/api/presets/prices/diff", Choice);
        var other = await SendAsync("POST", "/api/presets/prices/diff", Choice.Replace("\"creditsPerUsd\":1", "\"creditsPerUsd\":2"));
        var route = await SendAsync("POST", "/api/presets/prices/diff", Choice.Replace("official", "ordinary"));
        var provider = await SendAsync("POST", "/api/presets/prices/diff", """{"routeType":"official","creditsPerUsd":1,"provider":"anthropic"}""");

        Assert.That(Statuses(same.Body), Is.EqualTo(new[] { "same", "same" }), same.Body.ToJsonString());
        Assert.That(Statuses(other.Body), Is.EqualTo(new[] { "different", "different" }));
        Assert.That(((decimal)other.Body["data"]![1]!["current"]!["inputPricePer1M"]!, (decimal)other.Body["data"]![1]!["preset"]!["inputPricePer1M"]!), Is.EqualTo((0.02m, 0.04m)));
        Assert.That(Statuses(route.Body), Is.EqualTo(new[] { "absent", "absent" }));
        Assert.That(provider.Body["data"]!.AsArray().Select(one => (string?)one!["model"]), Has.All.StartsWith("anthropic/"));
        Assert.That(Statuses(provider.Body).Count(status => status == "same"), Is.EqualTo(1));
    }

    [TestCase("""{"creditsPerUsd":1,"models":["openai/gpt-5"]}""", "routeType")]
    [TestCase("""{"routeType":"official","models":["openai/gpt-5"]}""", "creditsPerUsd")]
    [TestCase("""{"routeType":"official","creditsPerUsd":0,"models":["openai/gpt-5"]}""", "creditsPerUsd")]
    [TestCase("""{"routeType":"official","creditsPerUsd":-1,"models":["openai/gpt-5"]}""", "creditsPerUsd")]
    [TestCase("""{"routeType":"official","creditsPerUsd":1.0000001,"models":["openai/gpt-5"]}""", "creditsPerUsd")]
    [TestCase("""{"routeType":"official","creditsPerUsd":1000001,"models":["openai/gpt-5"]}""", "creditsPerUsd")]
    [TestCase("""{"routeType":"official","creditsPerUsd":0.00001,"models":["openai/gpt-5"]}""", "creditsPerUsd")]
    [TestCase("""{"routeType":"official","creditsPerUsd":"1","models":["openai/gpt-5"]}""", "creditsPerUsd")]
    [TestCase("""{"routeType":"official","creditsPerUsd":1,"markupPercent":-100,"models":["openai/gpt-5"]}""", "markupPercent")]
    [TestCase("""{"routeType":"official","creditsPerUsd":1,"markupPercent":0.001,"models":["openai/gpt-5"]}""", "markupPercent")]
    [TestCase("""{"routeType":"official","creditsPerUsd":1,"models":[]}""", "models")]
    [TestCase("""{"routeType":"official","creditsPerUsd":1}""", "models")]
    [TestCase("""{"routeType":"official","creditsPerUsd":1,"models":["openai/gpt-5","openai/gpt-5"]}""", "models")]
    [TestCase("""{"routeType":"official","creditsPerUsd":1,"models":["openai/gpt-5","openai/nothing"]}""", "models[1]")]
    [TestCase("""{"routeType":"official","creditsPerUsd":1,"provider":"openai","models":["openai/gpt-5"]}""", "provider")]
    [TestCase("""{"routeType":"official","creditsPerUsd":1,"currency":"usd","models":["openai/gpt-5"]}""", "currency")]
    [TestCase("""{"routeType":"official","creditsPerUsd":20000,"models":["openai/gpt-4"]}""", "prices[0].outputPricePer1M")]
    public async Task A_choice_that_cannot_be_followed_is_refused_by_name_and_writes_nothing(string choice, string field)
    {
        var (status, body, _) = await SendAsync("POST", "/api/presets/prices/import", choice);

        Assert.That((status, ErrorsOf(body).Keys), Is.EqualTo((400, new[] { field })), body.ToJsonString());
        Assert.That(Catalogue.Current.Models.Any(model => model.Provider == "openai"), Is.False);
    }

    [Test]
    public async Task A_model_of_the_configuration_stays_as_it_is_declared()
    {
        foreach (var (name, value) in new[] { ("provider", "openai"), ("model", "gpt-5"), ("kind", "chat"), ("maxOutputTokens", "10"), ("prices:0:routeType", "official"), ("prices:0:inputPricePer1M", "1"), ("prices:0:outputPricePer1M", "2") })
            App.Configuration[$"Models:0:{name}"] = value;
        await Catalogue.ReloadAsync(CancellationToken.None);

        var import = await SendAsync("POST", "/api/presets/prices/import", """{"routeType":"official","creditsPerUsd":1,"models":["openai/gpt-4","openai/gpt-5"]}""");
        var difference = await SendAsync("POST", "/api/presets/prices/diff", """{"routeType":"official","creditsPerUsd":1,"models":["openai/gpt-5"]}""");

        Assert.That(import.Status, Is.EqualTo(409));
        Assert.That(Catalogue.Current.Models.Any(model => model.Id == "openai/gpt-4"), Is.False, "nothing is written when one is refused");
        Assert.That((Statuses(difference.Body)[0], (decimal)difference.Body["data"]![0]!["current"]!["inputPricePer1M"]!), Is.EqualTo(("different", 1m)));
    }

    private static string?[] Results(JsonNode body) => [.. body["data"]!.AsArray().Select(one => (string?)one!["result"])];

    private static string?[] Statuses(JsonNode body) => [.. body["data"]!.AsArray().Select(one => (string?)one!["status"])];
}
