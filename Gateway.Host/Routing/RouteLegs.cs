using Gateway.Host.Catalogue;

namespace Gateway.Host.Routing;

/// <summary>Parts a model's candidates by what they cost: each route type has its own price, so a call that moves to another needs another hold.</summary>
internal static class RouteLegs
{
    /// <summary>The candidates of each route type, in the key's order of route types; each list has at least one.</summary>
    public static IReadOnlyList<IReadOnlyList<Candidate>> ByRouteType(IReadOnlyList<Candidate> candidates)
    {
        for (var i = 1; i < candidates.Count; i++)
        {
            if (candidates[i].Channel.RouteType != candidates[0].Channel.RouteType)
                return [.. candidates.GroupBy(static candidate => candidate.Channel.RouteType).Select(static group => (IReadOnlyList<Candidate>)[.. group])];
        }

        return candidates.Count == 0 ? [] : [candidates];
    }
}
