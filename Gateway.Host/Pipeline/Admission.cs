using System.Diagnostics;
using Gateway.Host.Members;
using Gateway.Host.OpenAi;
using Gateway.Host.Settings;
using Gateway.Ledger;
using Gateway.Transforms;
using Gateway.Transforms.Tokens;

namespace Gateway.Host.Pipeline;

/// <summary>Step 5: asks the ledger for the right to make a call, and to go on with it at another price.</summary>
internal sealed class Admission(ILedger ledger, MemberDirectory members, LiveCalls live, GatewaySettings settings, TimeProvider time)
{
    /// <summary>Holds the most that the call can cost; the error, or <c>null</c>.</summary>
    /// <param name="call">The call.</param>
    /// <param name="isFree">Nothing is set aside yet: the rates are counted, because the cache is asked first. <see cref="RaiseAsync"/> follows if it has no answer.</param>
    public async ValueTask<GatewayError?> HoldAsync(ModelCall call, bool isFree)
    {
        call.Member = await members.LimitsOfAsync(call.Key, call.Http.RequestAborted);
        var error = await HoldLegAsync(call, isFree);

        // A purse that is empty does not close the other route to the same model.
        while (error is { Status: 402 or 403, Code: "insufficient_balance" or "no_active_pack" } && call.Legs.Count > 1 && call.Legs[1].Model == call.Legs[0].Model)
        {
            call.Legs = [.. call.Legs.Skip(1)];
            if (await HoldLegAsync(call, isFree) is not { } other)
                return null;
            if (other.Code is not ("insufficient_balance" or "no_active_pack"))
                error = other;
        }

        return error;
    }

    private async ValueTask<GatewayError?> HoldLegAsync(ModelCall call, bool isFree)
    {
        var leg = call.Legs[0];
        var bound = Count(call, leg);
        var request = new HoldRequest
        {
            ReceiptId = ReceiptId.Create(time.GetUtcNow()),
            Account = call.Key.Account,
            Key = call.Key.Limits,
            Member = call.Member,
            Price = leg.Price,
            Amount = isFree ? Credits.Zero : DearestCost(call, bound),
            MinimumAmount = isFree ? Credits.Zero : bound.LeastCost(leg.Price),
            Tokens = bound.Tokens,
            PacksOnly = call.Key.PacksOnly,
            Facts = CallFactsOf.Request(call, leg),
        };
        var result = await ledger.HoldAsync(request, call.Http.RequestAborted);
        if (result is not HoldResult.Held { Hold: var hold })
            return Refusal(call, leg, bound, result);

        call.Hold = hold;
        if (call.Span is { IsAllDataRequested: true } span)
            hold.Trace = span.Context;
        live.Add(call);
        if (!isFree)
            Cap(call, bound);
        CallHeaders.Admitted(call);
        return null;
    }

    /// <summary>Holds what the call can cost in place of nothing; the error, or <c>null</c>.</summary>
    public ValueTask<GatewayError?> RaiseAsync(ModelCall call)
    {
        var leg = call.Legs[0];
        var bound = CallBound.Of(call, leg.Model);
        return ReholdAsync(call, leg, bound, DearestCost(call, bound), call.Hold!.Request.Facts);
    }

    /// <summary>Moves the hold to the price of a fallback; the error, or <c>null</c>. Refused, the hold stays where it was.</summary>
    public ValueTask<GatewayError?> MoveAsync(ModelCall call, Leg leg)
    {
        var bound = Count(call, leg);
        var facts = call.Hold!.Request.Facts with
        {
            RoutedModel = leg.Model.Id,
            Provider = leg.Model.Provider,
            Model = leg.Model.Name,
            RouteType = leg.Price.RouteType,
        };
        return ReholdAsync(call, leg, bound, bound.MaxCost(leg.Price), facts);
    }

    private async ValueTask<GatewayError?> ReholdAsync(ModelCall call, Leg leg, CallBound bound, Credits amount, CallFacts facts)
    {
        facts.Rules = CallFactsOf.Rules(call);
        var request = call.Hold!.Request with { Price = leg.Price, Amount = amount, MinimumAmount = bound.LeastCost(leg.Price), Facts = facts };

        // CancellationToken.None: a hold is replaced whole or not at all, whether or not its client still waits.
        var result = await ledger.ReholdAsync(call.Hold, request, CancellationToken.None);
        if (result is not HoldResult.Held { Hold: var hold })
            return Refusal(call, leg, bound, result);

        call.Hold = hold;
        Cap(call, bound);
        CallHeaders.Capped(call);
        return null;
    }

    // What is counted of the prompt depends on the model's tokenizer.
    private static CallBound Count(ModelCall call, Leg leg)
    {
        var index = call.Body.Index;
        var body = call.Exchange.Body.Span;
        call.Measures = CallMeasures.Of(index, body);
        call.Prompt = call.Kind == CallKind.Transcription ? call.Measures.AudioTokens : PromptCount.Of(index, body, leg.Model.Name);
        return CallBound.Of(call, leg.Model);
    }

    // A chain may end at a dearer model: what that needs is held from the start, as far as the balance has it.
    private static Credits DearestCost(ModelCall call, CallBound bound)
    {
        var dearest = bound.MaxCost(call.Legs[0].Price);
        for (var i = 1; i < call.Legs.Count; i++)
        {
            var leg = call.Legs[i];
            if (leg.IsPaidLike(call.Legs[0]))
                dearest = Credits.Max(dearest, CallBound.Of(call, leg.Model).MaxCost(leg.Price));
        }

        return dearest;
    }

    private static void Cap(ModelCall call, CallBound bound)
    {
        var (price, held) = (call.Hold!.Request.Price, call.Hold.Amount);
        call.CappedTokens = held < bound.MaxCost(price) ? bound.Affordable(price, held) : null;
    }

    private GatewayError Refusal(ModelCall call, Leg leg, CallBound bound, HoldResult result)
    {
        switch (result)
        {
            case HoldResult.RateLimited limited:
                CallHeaders.Rates(call.Http.Response.Headers, limited.Rates);
                return GatewayError.RateLimited(limited.RetryAfter, limited.ByTokens);
            case HoldResult.ConcurrencyLimited limited:
                return GatewayError.ConcurrencyLimited(limited.Limit);
            case HoldResult.OverBudget over:
                return GatewayError.OverBudget(over);
            case HoldResult.OverAllowance over:
                return GatewayError.OverAllowance(over);
            case HoldResult.Reserved reserved:
                return GatewayError.Reserved(reserved);
            case HoldResult.Insufficient lack:
                var affordable = bound.Affordable(leg.Price, lack.Available);
                return GatewayError.InsufficientBalance(settings.InsufficientBalanceStatus, lack.Available, affordable, call.Key.PacksOnly);
            case HoldResult.Unavailable unavailable:
                return GatewayError.Unavailable(unavailable.Reason);
            default:
                throw new UnreachableException(result.ToString());
        }
    }
}
