namespace Gateway.Ledger.Front.InProcess;

/// <summary>The request and token rates of a key, checked before and charged with a hold.</summary>
internal readonly struct KeyRates
{
    private readonly Gcra? requests;
    private readonly Gcra? tokens;
    private readonly long charge;

    public KeyRates(KeyLimits limits, long tokensAsked)
    {
        requests = limits.RefillPerSecond > 0 ? Gcra.Requests(limits.Burst, limits.RefillPerSecond) : null;
        tokens = limits.TokensPerMinute is { } perMinute ? Gcra.Tokens(perMinute) : null;

        // A call larger than a minute's worth would never fit; it costs the whole minute, and the settlement adds the rest.
        charge = tokens is { } rate ? Math.Min(tokensAsked, rate.Limit) : 0;
    }

    /// <summary>The rate of requests; <c>null</c>: none.</summary>
    public Gcra? Requests => requests;

    /// <summary>The rate of tokens; <c>null</c>: none.</summary>
    public Gcra? Tokens => tokens;

    /// <summary>The tokens that a hold charges.</summary>
    public long TokensCharged => charge;

    /// <summary>Why the call cannot start yet; <c>null</c>: it can.</summary>
    public HoldResult? Refuses(KeyState key, long now)
    {
        if (requests is { } byRequests && Wait(byRequests, key.RequestClock, now, 1) is { } pause)
            return new HoldResult.RateLimited(ByTokens: false, pause, State(key, now));
        if (tokens is { } byTokens && Wait(byTokens, key.TokenClock, now, charge) is { } longer)
            return new HoldResult.RateLimited(ByTokens: true, longer, State(key, now));
        return null;
    }

    /// <summary>Advances both clocks; returns the tokens that were charged.</summary>
    public long Charge(KeyState key, long now)
    {
        if (requests is { } byRequests)
            key.RequestClock = byRequests.Advance(key.RequestClock, now, 1);
        if (tokens is { } byTokens)
            key.TokenClock = byTokens.Advance(key.TokenClock, now, charge);
        return charge;
    }

    /// <summary>Refunds or adds the difference between the tokens charged and those used.</summary>
    public void Correct(KeyState key, long charged, long used)
    {
        if (tokens is { } byTokens)
            key.TokenClock += byTokens.Ticks(used - charged);
    }

    /// <summary>What the headers say; a limit of 0 requests: none.</summary>
    public RateState State(KeyState key, long now) => State(key.RequestClock, key.TokenClock, now);

    /// <summary>What the headers say of a front whose clocks are elsewhere. Unit: ticks.</summary>
    public RateState State(long requestClock, long tokenClock, long now) => new(
        requests?.Limit ?? 0,
        requests?.Remaining(requestClock, now) ?? 0,
        Ahead(requestClock, now),
        tokens?.Limit,
        tokens?.Remaining(tokenClock, now) ?? 0,
        Ahead(tokenClock, now));

    private static TimeSpan? Wait(in Gcra rate, long clock, long now, long quantity)
    {
        var ahead = rate.Advance(clock, now, quantity) - now - rate.Tolerance;
        return ahead > 0 ? TimeSpan.FromTicks(ahead) : null;
    }

    private static TimeSpan Ahead(long clock, long now) => TimeSpan.FromTicks(Math.Max(0, clock - now));
}
