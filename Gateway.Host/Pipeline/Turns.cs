using Gateway.Host.Catalogue;

namespace Gateway.Host.Pipeline;

/// <summary>The candidates of a leg, one after the other, as far as they can take a call now and the budget goes.</summary>
internal sealed class Turns(Leg leg, Upstreams upstreams, int budget)
{
    private int _next;

    /// <summary>No other leg follows.</summary>
    public bool IsLastLeg { get; init; }

    /// <summary>Whether no attempt follows the last one that was given.</summary>
    public bool IsLast => IsLastLeg && (budget == 0 || _next >= leg.Candidates.Count);

    /// <summary>The next one, its place taken; <c>null</c>: there is none.</summary>
    public Candidate? TryNext()
    {
        while (budget > 0 && _next < leg.Candidates.Count)
        {
            var candidate = leg.Candidates[_next++];
            if (!upstreams.TryEnter(candidate))
                continue;

            budget--;
            return candidate;
        }

        return null;
    }
}
