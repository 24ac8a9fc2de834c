namespace Gateway.Ledger;

/// <summary>What a bucket may pay for.</summary>
public enum BucketKind
{
    /// <summary>One provider and model, whatever the route.</summary>
    Pack,

    /// <summary>Calls over <see cref="RouteType.Official"/> channels.</summary>
    Credit,

    /// <summary>Calls over <see cref="RouteType.Ordinary"/> channels.</summary>
    Wallet,
}

/// <summary>One balance of an account. <c>Posted = Credited − Spent</c> and <c>0 ≤ Held ≤ Posted</c> at every instant.</summary>
public sealed record BucketBalance
{
    /// <summary>The id, <c>bkt_…</c> or <c>pk_…</c>.</summary>
    public required string Id { get; init; }

    /// <summary>What it may pay for.</summary>
    public required BucketKind Kind { get; init; }

    /// <summary>The provider, for a pack.</summary>
    public string? Provider { get; init; }

    /// <summary>The model, for a pack.</summary>
    public string? Model { get; init; }

    /// <summary>The currency, for example <c>CREDIT</c>.</summary>
    public required string Currency { get; init; }

    /// <summary>Lower burns first among packs. 0 to 100, default 50.</summary>
    public int Priority { get; init; } = 50;

    /// <summary>Whether it was given rather than bought: given burns first.</summary>
    public bool Promotional { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it stops paying; judged at the hold.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>All that was ever put in, less what was taken out other than by calls.</summary>
    public required Credits Credited { get; init; }

    /// <summary>All that calls have been charged.</summary>
    public required Credits Spent { get; init; }

    /// <summary>What is set aside for calls in flight.</summary>
    public Credits Held { get; init; }

    /// <summary>Counts the postings (not the calls): the front ignores news that is older than what it has.</summary>
    public long CreditVersion { get; init; }

    /// <summary>What the bucket has, held amounts included.</summary>
    public Credits Posted => Credited - Spent;

    /// <summary>What a new call may use.</summary>
    public Credits Available => Posted - Held;
}

/// <summary>An account and its buckets.</summary>
public sealed record AccountBalance(string Account, IReadOnlyList<BucketBalance> Buckets);

/// <summary>How far a key is into its budget.</summary>
/// <param name="Budget">The limit.</param>
/// <param name="Spent">What was charged in the running period.</param>
/// <param name="Held">What is set aside for calls in flight.</param>
/// <param name="ResetsAt">When the period ends (UTC); <c>null</c> for a total budget.</param>
public sealed record BudgetState(Budget Budget, Credits Spent, Credits Held, DateTimeOffset? ResetsAt);

/// <summary>How far a member is into the allowance, over all of the member's keys.</summary>
/// <param name="Allowance">The limit.</param>
/// <param name="Spent">What was charged in the running month.</param>
/// <param name="Held">What is set aside for calls in flight.</param>
/// <param name="ResetsAt">When the month ends (UTC).</param>
public sealed record AllowanceState(Credits Allowance, Credits Spent, Credits Held, DateTimeOffset ResetsAt);
