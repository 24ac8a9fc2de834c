using System.Globalization;
using Gateway.Ledger;
using Gateway.Transforms.Rules;

namespace Gateway.Host.Pipeline;

/// <summary>The headers that explain a call to its client.</summary>
internal static class CallHeaders
{
    /// <summary>On every answer after the hold, streams and errors too.</summary>
    public static void Admitted(ModelCall call)
    {
        var headers = call.Http.Response.Headers;
        headers["x-gateway-receipt"] = call.ReceiptId;
        headers["x-gateway-cache"] = "bypass";
        Compressed(call);
        Capped(call);
        Rates(headers, call.Hold!.Rates);
    }

    // What the client reads in its prompt is not what the provider read: it is told so.
    private static void Compressed(ModelCall call)
    {
        foreach (var effect in call.Rules.Effects)
        {
            if (effect.Effect is CompressEffect { TokensSaved: > 0 } done)
                call.Http.Response.Headers["x-gateway-compress"] = $"v={Text(done.Version)};strength={done.Strength.ToString().ToLowerInvariant()};saved={Text(done.TokensSaved)}";
            else if (effect.Effect is ContextTrimEffect { OverLimit: true })
                call.Http.Response.Headers["x-gateway-trim"] = "over-limit";
        }
    }

    /// <summary>The output limit that goes upstream, where the balance or a rule makes it lower than the client's.</summary>
    public static void Capped(ModelCall call)
    {
        if (call.OutputLimit is { } limit)
            call.Http.Response.Headers["x-gateway-max-tokens-capped"] = Text(limit);
    }

    /// <summary>What the cache said.</summary>
    public static void Asked(ModelCall call)
    {
        var headers = call.Http.Response.Headers;
        headers["x-gateway-cache"] = call.Reply?.Status ?? call.Exchange.CacheStatus;
        if (call.Reply is { } reply)
        {
            headers["x-gateway-model"] = reply.UpstreamModel;
            headers["x-gateway-attempts"] = "0";
        }
    }

    /// <summary>Which channel answers.</summary>
    public static void Attempted(ModelCall call, CallAttempt attempt)
    {
        var headers = call.Http.Response.Headers;
        headers["x-gateway-model"] = attempt.Candidate.UpstreamModel;
        headers["x-gateway-channel"] = attempt.Candidate.Channel.Id;
        headers["x-gateway-attempts"] = Text(call.Hold!.Request.Facts.Attempts.Count);
    }

    /// <summary>What it cost; for answers that are not streamed.</summary>
    public static void Settled(ModelCall call)
    {
        var headers = call.Http.Response.Headers;
        headers["x-gateway-cost"] = call.Settled!.Cost.ToString();
        headers["x-gateway-balance"] = call.Settled.Balance.ToString();
    }

    /// <summary>Where the key stands with its rates.</summary>
    public static void Rates(IHeaderDictionary headers, in RateState rates)
    {
        if (rates.LimitRequests > 0)
        {
            headers["x-ratelimit-limit-requests"] = Text(rates.LimitRequests);
            headers["x-ratelimit-remaining-requests"] = Text(rates.RemainingRequests);
            headers["x-ratelimit-reset-requests"] = Wait(rates.ResetRequests);
        }

        if (rates.LimitTokens is { } limit)
        {
            headers["x-ratelimit-limit-tokens"] = Text(limit);
            headers["x-ratelimit-remaining-tokens"] = Text(rates.RemainingTokens);
            headers["x-ratelimit-reset-tokens"] = Wait(rates.ResetTokens);
        }
    }

    // OpenAI's form: 20ms, 1.5s.
    private static string Wait(TimeSpan wait) => wait.TotalSeconds >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{wait.TotalSeconds:0.###}s")
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(wait.TotalMilliseconds):0}ms");

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
