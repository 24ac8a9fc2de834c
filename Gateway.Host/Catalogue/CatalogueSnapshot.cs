using System.Collections.Frozen;
using Gateway.Host.Keys;
using Gateway.Ledger;
using Gateway.Transforms;
using Gateway.Transforms.Providers;

namespace Gateway.Host.Catalogue;

/// <summary>Channels, models and prices at one moment: immutable, swapped whole.</summary>
internal sealed class CatalogueSnapshot
{
    private static readonly RouteType[] AllRoutes = [RouteType.Official, RouteType.Ordinary];

    private readonly FrozenDictionary<string, Model[]> modelsById;
    private readonly FrozenDictionary<string, string[]> providersByName;
    private readonly FrozenDictionary<string, Channel> channelsById;
    private readonly FrozenDictionary<string, (Channel Channel, string UpstreamModel)[]> channelsByModel;
    private readonly FrozenSet<string> providers;
    private readonly FrozenSet<CallKind> served;

    public CatalogueSnapshot(IReadOnlyList<Channel> channels, IReadOnlyList<Model> models)
    {
        Channels = channels;
        Models = models;
        channelsById = channels.ToFrozenDictionary(channel => channel.Id, StringComparer.Ordinal);
        modelsById = models.GroupBy(model => model.Id, StringComparer.Ordinal).ToFrozenDictionary(group => group.Key, group => group.ToArray(), StringComparer.Ordinal);
        providersByName = models.GroupBy(model => model.Name, StringComparer.Ordinal).ToFrozenDictionary(
            group => group.Key,
            group => group.Select(model => model.Provider).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray(),
            StringComparer.Ordinal);
        providers = channels.Select(channel => channel.Provider).Concat(models.Select(model => model.Provider)).ToFrozenSet(StringComparer.Ordinal);

        // In the order in which they are tried, but for the route type, which is the key's to order.
        channelsByModel = channels
            .Where(channel => channel.Enabled)
            .OrderBy(channel => channel.Priority).ThenByDescending(channel => channel.Weight).ThenBy(channel => channel.Id, StringComparer.Ordinal)
            .SelectMany(channel => channel.Models.Select(served => (Channel: channel, Served: served)))
            .GroupBy(pair => IdOf(pair.Channel.Provider, pair.Served.Model), pair => (pair.Channel, pair.Served.UpstreamModel ?? pair.Served.Model), StringComparer.Ordinal)
            .ToFrozenDictionary(group => group.Key, group => group.ToArray(), StringComparer.Ordinal);
        served = CallKind.All.Where(kind => models.Any(model => Serving.Fits(model.Kind, kind)
            && (channelsByModel.GetValueOrDefault(model.Id) ?? []).Any(pair => Adapter.For(kind, pair.Channel.Preset) is not null))).ToFrozenSet();
    }

    /// <summary>Nothing configured, nothing stored.</summary>
    public static CatalogueSnapshot Empty { get; } = new([], []);

    /// <summary>Every channel, disabled ones too.</summary>
    public IReadOnlyList<Channel> Channels { get; }

    /// <summary>Every model.</summary>
    public IReadOnlyList<Model> Models { get; }

    /// <summary>Whether there is neither a channel nor a model: then the demo is served.</summary>
    public bool IsEmpty => Channels.Count == 0 && Models.Count == 0;

    /// <summary>Whether any channel answers calls of this kind.</summary>
    public bool Serves(CallKind kind) => served.Contains(kind);

    /// <summary>The channel with this id.</summary>
    public Channel? FindChannel(string id) => channelsById.GetValueOrDefault(id);

    /// <summary>From the name in a request to the channels that serve it for this key.</summary>
    /// <param name="requested">The client's <c>model</c>.</param>
    /// <param name="provider">The client's <c>provider</c>; <c>null</c>: none.</param>
    /// <param name="key">Whose call it is.</param>
    /// <param name="now">The moment whose price counts.</param>
    public ModelResolution Resolve(string requested, string? provider, KeySnapshot key, DateTimeOffset now)
    {
        if (provider is not null)
            return providers.Contains(provider) ? ResolveOf(provider, WithoutProvider(requested, provider), key, now) : new ModelResolution.UnknownProvider();

        var slash = requested.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0 && providers.Contains(requested[..slash]))
            return ResolveOf(requested[..slash], requested[(slash + 1)..], key, now);

        return ResolveBare(requested, key, now);
    }

    /// <summary>The <c>provider/model</c> that a request means; <c>null</c>: no model of that name, or several providers'.</summary>
    public string? Identify(string requested, string? provider)
    {
        if (provider is not null)
            return Known(IdOf(provider, WithoutProvider(requested, provider)));
        if (providersByName.TryGetValue(requested, out var serving) && serving.Length == 1)
            return IdOf(serving[0], requested);
        return Known(requested);

        string? Known(string id) => modelsById.ContainsKey(id) ? id : null;
    }

    /// <summary>What this key may call, in order of id, each with the price that it would pay.</summary>
    public IReadOnlyList<ModelOffer> OffersFor(KeySnapshot key, DateTimeOffset now)
    {
        var offers = new List<ModelOffer>();
        foreach (var id in modelsById.Keys.Order(StringComparer.Ordinal))
        {
            var model = modelsById[id][0];
            if (ResolveOf(model.Provider, model.Name, key, now) is ModelResolution.Resolved resolved)
                offers.Add(new ModelOffer(resolved.Model, resolved.Candidates[0].Price));
        }

        return offers;
    }

    private ModelResolution ResolveBare(string name, KeySnapshot key, DateTimeOffset now)
    {
        if (!providersByName.TryGetValue(name, out var serving))
            return new ModelResolution.UnknownModel();
        if (serving.Length == 1)
            return ResolveOf(serving[0], name, key, now);

        var best = new List<ModelResolution.Resolved>();
        ModelResolution? refusal = null;
        foreach (var provider in serving)
        {
            var resolution = ResolveOf(provider, name, key, now);
            if (resolution is not ModelResolution.Resolved resolved)
            {
                refusal = Clearer(refusal, resolution);
                continue;
            }

            var order = best.Count == 0 ? -1 : Compare(resolved.Candidates[0].Channel, best[0].Candidates[0].Channel, key);
            if (order < 0)
                best.Clear();
            if (order <= 0)
                best.Add(resolved);
        }

        return best.Count switch
        {
            0 => refusal ?? new ModelResolution.UnknownModel(),
            1 => best[0],
            _ => new ModelResolution.Ambiguous([.. best.Select(static resolved => resolved.Model.Id)]),
        };
    }

    private ModelResolution ResolveOf(string provider, string name, KeySnapshot key, DateTimeOffset now)
    {
        var id = IdOf(provider, name);
        var (own, shared) = FindModels(id, key.Workspace);
        if ((own ?? shared) is not { } model)
            return new ModelResolution.UnknownModel();
        if (!key.AllowsModel(provider, name))
            return new ModelResolution.NotAllowed();

        var routes = RoutesOf(key);
        var candidates = new List<Candidate>(1);
        var (anyChannel, anyPriceElsewhere) = (false, false);
        foreach (var (channel, upstreamModel) in channelsByModel.GetValueOrDefault(id) ?? [])
        {
            if (channel.Workspace is not null && !string.Equals(channel.Workspace, key.Workspace, StringComparison.Ordinal))
                continue;
            anyChannel = true;
            if ((own?.PriceAt(channel.RouteType, now) ?? shared?.PriceAt(channel.RouteType, now)) is not { } price)
                continue;
            if (routes.Contains(channel.RouteType))
                candidates.Add(new Candidate(channel, upstreamModel, model, price));
            else
                anyPriceElsewhere = true;
        }

        if (candidates.Count == 0)
            return anyPriceElsewhere ? new ModelResolution.RouteNotAllowed() : anyChannel ? new ModelResolution.NoPrice() : new ModelResolution.NoChannel();

        if (candidates.Count == 1)
            return new ModelResolution.Resolved(model, provider, candidates);

        // Stable: within a route type the snapshot's order stands.
        return new ModelResolution.Resolved(model, provider, [.. candidates.OrderBy(candidate => RouteIndex(routes, candidate.Channel.RouteType))]);
    }

    private (Model? Own, Model? Shared) FindModels(string id, string workspace)
    {
        Model? own = null, shared = null;
        foreach (var model in modelsById.GetValueOrDefault(id) ?? [])
        {
            if (model.Workspace is null)
                shared = model;
            else if (string.Equals(model.Workspace, workspace, StringComparison.Ordinal))
                own = model;
        }

        return (own, shared);
    }

    private static int Compare(Channel left, Channel right, KeySnapshot key)
    {
        var routes = RoutesOf(key);
        var byRoute = RouteIndex(routes, left.RouteType).CompareTo(RouteIndex(routes, right.RouteType));
        return byRoute != 0 ? byRoute : left.Priority.CompareTo(right.Priority);
    }

    // A key without routes is paid by packs, and a pack pays for its model whatever the route.
    private static IReadOnlyList<RouteType> RoutesOf(KeySnapshot key) => key.Routes is { Count: > 0 } routes ? routes : AllRoutes;

    private static int RouteIndex(IReadOnlyList<RouteType> routes, RouteType routeType)
    {
        for (var i = 0; i < routes.Count; i++)
        {
            if (routes[i] == routeType)
                return i;
        }

        return routes.Count;
    }

    // Of several providers' refusals the one that the caller can do most about.
    private static ModelResolution Clearer(ModelResolution? left, ModelResolution right) =>
        left is null || Rank(right) > Rank(left) ? right : left;

    private static int Rank(ModelResolution refusal) => refusal switch
    {
        ModelResolution.RouteNotAllowed => 4,
        ModelResolution.NoPrice => 3,
        ModelResolution.NoChannel => 2,
        ModelResolution.NotAllowed => 1,
        _ => 0,
    };

    private string WithoutProvider(string requested, string provider) =>
        !modelsById.ContainsKey(IdOf(provider, requested))
        && requested.Length > provider.Length + 1 && requested[provider.Length] == '/' && requested.StartsWith(provider, StringComparison.Ordinal)
            ? requested[(provider.Length + 1)..]
            : requested;

    private static string IdOf(string provider, string model) => string.Concat(provider, "/", model);
}
