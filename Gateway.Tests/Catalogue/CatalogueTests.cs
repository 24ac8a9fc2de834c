using System.Net;
using Gateway.Host.Catalogue;
using Gateway.Host.Keys;
using Gateway.Ledger;
using Gateway.Transforms.Yarp;
using NUnit.Framework;

namespace Gateway.Tests.Catalogue;

internal sealed class CatalogueTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 0, 0, 0, TimeSpan.Zero);

    [TestCase("a/one", "Resolved")]
    [TestCase("one", "Resolved")]
    [TestCase("two", "Ambiguous")]
    [TestCase("nope", "UnknownModel")]
    [TestCase("a/nope", "UnknownModel")]
    [TestCase("a/wallet-only", "RouteNotAllowed")]
    [TestCase("a/no-channel", "NoChannel")]
    [TestCase("a/later", "NoPrice")]
    public void A_name_resolves(string requested, string expected) =>
        Assert.That(Make().Resolve(requested, null, Key(RouteType.Official), Now).GetType().Name, Is.EqualTo(expected));

    [Test]
    public void The_keys_route_order_comes_before_priority()
    {
        var resolved = (ModelResolution.Resolved)Make().Resolve("a/one", null, Key(RouteType.Ordinary, RouteType.Official), Now);

        Assert.That(resolved.Candidates.Select(candidate => candidate.Channel.Id), Is.EqualTo(new[] { "ch_ordinary", "ch_a", "ch_a2" }));
    }

    [Test]
    public void An_unknown_provider_and_a_model_outside_the_allow_list_are_told_apart()
    {
        Assert.That(Make().Resolve("one", "zzz", Key(), Now), Is.TypeOf<ModelResolution.UnknownProvider>());
        Assert.That(Make().Resolve("a/one", null, Key() with { Models = ["b/*"] }, Now), Is.TypeOf<ModelResolution.NotAllowed>());
    }

    [TestCase("1.4", 1_400_000)]
    [TestCase("0.000001", 1)]
    [TestCase("1000000", 1_000_000_000_000)]
    public void Prices_are_exact_in_pico_credits(string price, long pico) =>
        Assert.That(new PriceFields { RouteType = RouteType.Official, InputPricePer1M = decimal.Parse(price) }.ToModelPrice().Price.Base.Input, Is.EqualTo(pico));

    [TestCase("0.0000001", false)]
    [TestCase("0.000001", true)]
    [TestCase("-1", false)]
    [TestCase("1000000", true)]
    [TestCase("1000000.000001", false)]
    public void Prices_have_limits(string price, bool valid) => Assert.That(
        new PriceFieldsValidator(ModelKind.Chat).Validate(new PriceFields { RouteType = RouteType.Official, InputPricePer1M = decimal.Parse(price), OutputPricePer1M = 1 }).IsValid,
        Is.EqualTo(valid));

    [TestCase("127.0.0.1")]
    [TestCase("0.0.0.0")]
    [TestCase("::1")]
    [TestCase("::ffff:127.0.0.1")]
    [TestCase("64:ff9b::7f00:1")]
    [TestCase("fe80::1%1")]
    [TestCase("fc00::1")]
    [TestCase("100.64.0.1")]
    [TestCase("169.254.169.254")]
    [TestCase("fd00:ec2::254")]
    [TestCase("224.0.0.1")]
    [TestCase("198.18.0.1")]
    public void Addresses_inside_are_private(string address) => Assert.That(PrivateAddress.IsPrivate(IPAddress.Parse(address)), Is.True);

    [TestCase("8.8.8.8")]
    [TestCase("2606:4700::1111")]
    public void Addresses_outside_are_not(string address) => Assert.That(PrivateAddress.IsPrivate(IPAddress.Parse(address)), Is.False);

    [TestCase("http://127.1/v1")]
    [TestCase("http://0x7f000001/")]
    [TestCase("http://2130706433/")]
    [TestCase("http://localhost./")]
    [TestCase("https://a@example.com/")]
    [TestCase("file:///etc/passwd")]
    [TestCase("https://example.com/\r\nX: y")]
    public void Base_urls_that_lead_inside_are_refused(string url) => Assert.That(UpstreamUrl.Mistake(url, allowPrivateAddress: false), Is.Not.Null);

    private static CatalogueSnapshot Make() => new(
        [
            Channel("ch_a", "a", RouteType.Official, 0, "one", "two", "later"), Channel("ch_a2", "a", RouteType.Official, 1, "one"),
            Channel("ch_ordinary", "a", RouteType.Ordinary, 5, "one", "wallet-only"), Channel("ch_b", "b", RouteType.Official, 0, "two"),
        ],
        [
            Model("a", "one", RouteType.Official, RouteType.Ordinary), Model("a", "two", RouteType.Official), Model("b", "two", RouteType.Official),
            Model("a", "wallet-only", RouteType.Ordinary), Model("a", "no-channel", RouteType.Official),
            Model("a", "later", RouteType.Official) with { Prices = [new ModelPrice(Price(RouteType.Official), Now.AddTicks(1))] },
        ]);

    private static KeySnapshot Key(params RouteType[] routes) =>
        new() { Id = "k", Workspace = "ws_x", Account = "acc_x", Kind = KeyKind.Inference, Routes = routes, Limits = new() { KeyId = "k" } };

    private static Channel Channel(string id, string provider, RouteType routeType, int priority, params string[] models) => new()
    {
        Id = id, Name = id, Provider = provider, BaseUrls = ["https://example.com"], RouteType = routeType, Priority = priority,
        Models = [.. models.Select(model => new ChannelModel(model, null))],
    };

    private static Model Model(string provider, string name, params RouteType[] routes) => new()
    {
        Id = $"{provider}/{name}", ResourceId = name, Provider = provider, Name = name, Kind = ModelKind.Chat, MaxOutputTokens = 100,
        Prices = [.. routes.Select(route => new ModelPrice(Price(route), Now))],
    };

    private static Price Price(RouteType route) => new() { Version = 1, Currency = "CREDIT", RouteType = route, Base = new Rates { Input = 1, Output = 1 } };
}
