using Gateway.Host.Catalogue;
using Gateway.Ledger;

namespace Gateway.Host.Pipeline;

/// <summary>One model that a call may go to, with the channels of one route type and price that serve it: the requested model's, or a fallback's.</summary>
/// <param name="Model">The model.</param>
/// <param name="Candidates">Its channels in the order in which they are tried; at least one.</param>
internal sealed record Leg(Model Model, IReadOnlyList<Candidate> Candidates)
{
    /// <summary>What a call costs here.</summary>
    public Price Price => Candidates[0].Price;

    /// <summary>Whether the same buckets pay here, packs aside.</summary>
    public bool IsPaidLike(Leg other) => Price.RouteType == other.Price.RouteType && string.Equals(Price.Currency, other.Price.Currency, StringComparison.Ordinal);
}
