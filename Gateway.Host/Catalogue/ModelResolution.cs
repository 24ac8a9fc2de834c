using Gateway.Ledger;

namespace Gateway.Host.Catalogue;

/// <summary>A channel that may serve a call, and what it would cost there.</summary>
internal sealed record Candidate(Channel Channel, string UpstreamModel, Model Model, Price Price);

/// <summary>A model that a key may call, with the price that it would pay.</summary>
internal sealed record ModelOffer(Model Model, Price Price);

/// <summary>From a model's name to what serves it: a closed family.</summary>
internal abstract record ModelResolution
{
    private ModelResolution()
    {
    }

    /// <summary>Served; the candidates in the order in which they are tried, at least one.</summary>
    public sealed record Resolved(Model Model, string Provider, IReadOnlyList<Candidate> Candidates) : ModelResolution;

    /// <summary>No such model.</summary>
    public sealed record UnknownModel : ModelResolution;

    /// <summary>No such provider.</summary>
    public sealed record UnknownProvider : ModelResolution;

    /// <summary>Several providers serve the bare name equally well.</summary>
    public sealed record Ambiguous(IReadOnlyList<string> Ids) : ModelResolution;

    /// <summary>The key's allow-list does not have it.</summary>
    public sealed record NotAllowed : ModelResolution;

    /// <summary>Only route types that the key may not use.</summary>
    public sealed record RouteNotAllowed : ModelResolution;

    /// <summary>No price is in force.</summary>
    public sealed record NoPrice : ModelResolution;

    /// <summary>No enabled channel.</summary>
    public sealed record NoChannel : ModelResolution;
}
