using Gateway.Host.Catalogue;
using Gateway.Host.Routing;

namespace Gateway.Host.Pipeline;

/// <summary>A candidate whose place is taken.</summary>
/// <param name="Candidate">The candidate.</param>
/// <param name="Leave">What its health gave, for the verdict.</param>
internal readonly record struct Turn(Candidate Candidate, Leave Leave);

/// <summary>The candidates of a leg, one after the other, as far as they can take a call now and the budget goes.</summary>
internal sealed class Turns(Leg leg, Upstreams upstreams, int budget)
{
    private int _left = budget;
    private int _next;

    /// <summary>No other leg follows.</summary>
    public bool IsLastLeg { get; init; }

    /// <summary>Whether no attempt follows the last one that was given.</summary>
    public bool IsLast => IsLastLeg && (_left == 0 || _next >= leg.Candidates.Count);

    /// <summary>The next one, its place taken; <c>null</c>: there is none.</summary>
    public Turn? TryNext()
    {
        while (_left > 0 && _next < leg.Candidates.Count)
        {
            var candidate = leg.Candidates[_next++];
            if (!upstreams.TryEnter(candidate, out var leave))
                continue;

            _left--;
            return new Turn(candidate, leave);
        }

        return null;
    }
}
