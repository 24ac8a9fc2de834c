using Gateway.Host.Catalogue;
using Gateway.Host.Routing;
using Gateway.Ledger;
using Gateway.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Routing;

/// <summary>Channels that serve <c>m</c>, and their candidates.</summary>
internal static class Routes
{
    public const string Model = "m";

    public static readonly DateTimeOffset Start = new(2026, 11, 21, 0, 0, 0, TimeSpan.Zero);

    private static readonly Model Served = new()
    {
        Id = "fake/m", ResourceId = "mdl_m", Provider = "fake", Name = "m", Kind = ModelKind.Chat, MaxOutputTokens = 100, Prices = [],
    };

    public static Channel Channel(string id, int weight = 1, int priority = 0, RouteType routeType = RouteType.Official) => new()
    {
        Id = id, Name = id, Provider = "fake", BaseUrls = ["https://example.com/v1"], RouteType = routeType, Priority = priority, Weight = weight,
        Models = [new ChannelModel("m", null)],
    };

    public static Candidate Candidate(Channel channel) => new(channel, Model, Served, Calls.Price with { RouteType = channel.RouteType });

    public static ChannelHealth Health(TimeProvider time, params Channel[] channels)
    {
        var health = new ChannelHealth(time, NullLogger<ChannelHealth>.Instance);
        health.Update(new CatalogueSnapshot(channels, []));
        return health;
    }
}
