namespace Gateway.Ledger;

/// <summary>The period of a budget, in UTC. Weeks begin on Monday.</summary>
public enum BudgetPeriod
{
    /// <summary>A calendar day.</summary>
    Day,

    /// <summary>Monday to Sunday.</summary>
    Week,

    /// <summary>A calendar month.</summary>
    Month,

    /// <summary>Forever.</summary>
    Total,
}

/// <summary>The most that a key may spend in a period.</summary>
public sealed record Budget(Credits Amount, BudgetPeriod Period);

/// <summary>What limits one key, checked in the same step as the hold.</summary>
public sealed record KeyLimits
{
    /// <summary>The key, <c>key_…</c>.</summary>
    public required string KeyId { get; init; }

    /// <summary>Requests that may come at once. 1 to 1,000,000; default 10.</summary>
    public int Burst { get; init; } = 10;

    /// <summary>Requests a second in the long run; default 0.5. Zero or less: no request limit.</summary>
    public double RefillPerSecond { get; init; } = 0.5;

    /// <summary>Tokens a minute, prompt and completion; <c>null</c>: no limit.</summary>
    public long? TokensPerMinute { get; init; }

    /// <summary>Calls in flight; <c>null</c>: no limit.</summary>
    public int? MaxConcurrency { get; init; }

    /// <summary>The budget; <c>null</c>: none.</summary>
    public Budget? Budget { get; init; }
}

/// <summary>What limits one member over all of his keys, checked in the same step as the hold.</summary>
public sealed record MemberLimits
{
    /// <summary>The member, <c>mem_…</c>.</summary>
    public required string MemberId { get; init; }

    /// <summary>The most that the member's keys may spend in a calendar month (UTC); <c>null</c>: no limit.</summary>
    public Credits? Allowance { get; init; }
}

/// <summary>Where a key stands with its rates after a hold, for the <c>x-ratelimit-*</c> headers.</summary>
public readonly record struct RateState(
    long LimitRequests,
    long RemainingRequests,
    TimeSpan ResetRequests,
    long? LimitTokens,
    long RemainingTokens,
    TimeSpan ResetTokens);
