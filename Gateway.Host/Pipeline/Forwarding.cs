using System.Runtime.CompilerServices;
using Gateway.Host.Catalogue;
using Gateway.Host.OpenAi;
using Gateway.Host.Routing;
using Gateway.Host.Settings;
using Gateway.Transforms;

namespace Gateway.Host.Pipeline;

/// <summary>Step 6: attempt after attempt. Each failure that another channel or model might not have is followed by the next, before the first byte only.</summary>
internal sealed class Forwarding(Upstreams upstreams, RouteOrder order, Admission admission, GatewaySettings settings)
{
    /// <summary>The most channels that a call tries without a chain that says otherwise.</summary>
    public const int MaxAttempts = 3;

    // Less is not worth another attempt, and timers are a little early.
    private static readonly TimeSpan LeastPatience = TimeSpan.FromMilliseconds(20);

    /// <summary>Step 4: a leg for each route type, in the key's order, because each has a price and a purse of its own; in each the channels in the order in which they are tried.</summary>
    /// <param name="model">The model.</param>
    /// <param name="candidates">Its channels.</param>
    /// <param name="sticky">What the turns of a conversation have in common.</param>
    public IReadOnlyList<Leg> Legs(Model model, IReadOnlyList<Candidate> candidates, in StickyKey sticky)
    {
        if (candidates.Count == 1)
            return [new Leg(model, candidates)];

        var legs = new List<Leg>(2);
        foreach (var ofOneType in RouteLegs.ByRouteType(candidates))
            legs.Add(new Leg(model, order.Order(ofOneType, sticky)));
        return legs;
    }

    /// <summary>Tries the legs and their candidates in order; the error of the last one, or <c>null</c> when there is an answer to show.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<GatewayError?> ForwardAsync(ModelCall call, RequestDelegate forward, Reply reply)
    {
        GatewayError? error = null;
        var left = call.Exchange.Fallback?.MaxAttempts ?? MaxAttempts;
        for (var i = 0; i < call.Legs.Count && left > 0; i++)
        {
            var leg = call.Legs[i];
            if (i > 0 && await admission.MoveAsync(call, leg) is { } refused)
            {
                call.Skip(new FallbackModel(leg.Model.Provider, leg.Model.Name), refused.Status >= 500 ? "the ledger is away" : "the balance does not cover it");
                continue;
            }

            // The siblings of a model leave one attempt for each fallback that is to come.
            var later = call.Legs.Count - i - 1;
            var budget = Math.Max(1, left - later);
            var turns = new Turns(leg, upstreams, Math.Min(budget, left)) { IsLastLeg = later == 0 };
            while (turns.TryNext() is { } turn)
            {
                if (TimeLeft(call) < LeastPatience)
                {
                    upstreams.GiveBack(turn);
                    return error ?? GatewayError.UpstreamTimeout;
                }

                if (turns.IsLast || turn.Candidate.Channel.HedgeAfter is not { } hedgeAfter)
                {
                    left--;
                    var attempt = call.BeginAttempt(turn, upstreams.AdapterOf(call, turn.Candidate), Patience(call, turn.Candidate, turns.IsLast));
                    error = await upstreams.SendAsync(call, attempt, race: null, call.Http, forward, reply);
                }
                else
                {
                    (error, var tried) = await HedgeAsync(call, turn, turns, hedgeAfter, forward, reply);
                    left -= tried;
                }

                if (!IsWorthAnother(call, error) || call.Http.Response.HasStarted || !call.ClientIsThere)
                    return error;
            }
        }

        return error ?? upstreams.NoneFor(call.Legs);
    }

    // One attempt, or two beside each other when the first is slow and its channel says that this is worth it.
    private async ValueTask<(GatewayError? Error, int Tried)> HedgeAsync(ModelCall call, Turn turn, Turns turns, TimeSpan hedgeAfter, RequestDelegate forward, Reply reply)
    {
        var race = new AttemptRace();
        var first = RunAsync(turn, Patience(call, turn.Candidate, turns.IsLast));
        using (var wait = new CancellationTokenSource())
        {
            await Task.WhenAny(first, race.Won, Task.Delay(hedgeAfter, wait.Token));

            // Most calls answer in time: their timers must not outlive them.
            await wait.CancelAsync();
        }

        if (first.IsCompleted || race.Winner is not null || !call.ClientIsThere || turns.TryNext() is not { } second)
            return (await first, 1);

        var firstOfTwo = await Task.WhenAll(first, RunAsync(second, Patience(call, second.Candidate, turns.IsLast)));
        if (race.Winner is not { } winner)
            return (firstOfTwo[1] ?? firstOfTwo[0], 2);

        call.Choose(winner);
        return (null, 2);

        async Task<GatewayError?> RunAsync(Turn to, TimeSpan firstByteTimeout)
        {
            if (race.TryBegin(() => call.BeginAttempt(to, upstreams.AdapterOf(call, to.Candidate), firstByteTimeout)) is { } attempt)
                return await upstreams.SendAsync(call, attempt, race, AttemptContext.Of(call.Http), forward, reply);

            upstreams.GiveBack(to);
            return null;
        }
    }

    // A chain that names statuses is obeyed in both directions; a connection that failed or was too slow has none, and always counts.
    private static bool IsWorthAnother(ModelCall call, GatewayError? error)
    {
        if (call.Attempt is { Relay: not null } or { Binary: not null })
            return false;

        // What one provider's API has no word for, another's may.
        if (call.Attempt is { Forward: null })
            return true;
        if (call.Exchange.Fallback?.OnStatus is { } statuses && call.Attempt?.Answer is { Status: not StatusCodes.Status200OK, Status: var status })
            return statuses.Contains(status);
        return error is { Status: 429 or >= 500 };
    }

    private TimeSpan TimeLeft(ModelCall call) => settings.FirstByteDeadline - TimeSpan.FromMilliseconds(call.ElapsedMs);

    // All attempts together have the deadline; what a chain says of its time-out is for those that another follows.
    private TimeSpan Patience(ModelCall call, Candidate candidate, bool isLast)
    {
        var patience = candidate.Channel.FirstByteTimeout;
        if (!isLast && call.Exchange.Fallback?.OnTimeout is { } timeout && timeout < patience)
            patience = timeout;
        var left = TimeLeft(call);
        return left < patience ? left : patience;
    }
}
