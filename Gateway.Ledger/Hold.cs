using System.Diagnostics;

namespace Gateway.Ledger;

/// <summary>Asks to set aside the most that a call can cost.</summary>
public sealed record HoldRequest
{
    /// <summary>The id of the call.</summary>
    public required ReceiptId ReceiptId { get; init; }

    /// <summary>The account that pays, <c>acc_…</c>.</summary>
    public required string Account { get; init; }

    /// <summary>The key's limits.</summary>
    public required KeyLimits Key { get; init; }

    /// <summary>The limits of the member who owns the key; <c>null</c>: nobody's key.</summary>
    public MemberLimits? Member { get; init; }

    /// <summary>The price in force; snapshotted into the receipt.</summary>
    public required Price Price { get; init; }

    /// <summary>The most that the call can cost.</summary>
    public required Credits Amount { get; init; }

    /// <summary>The least that is worth admitting. Below <see cref="Amount"/> when the caller set no output limit: then whatever is available between the two is held.</summary>
    public required Credits MinimumAmount { get; init; }

    /// <summary>Prompt plus the most completion tokens: counts against tokens a minute until the settlement corrects it.</summary>
    public required long Tokens { get; init; }

    /// <summary>Whether only packs may pay (a key without routes).</summary>
    public bool PacksOnly { get; init; }

    /// <summary>What the receipt will say.</summary>
    public required CallFacts Facts { get; init; }
}

/// <summary>A part of a hold or of a charge, and the bucket that it is set aside in or taken from.</summary>
/// <param name="Bucket">The bucket's id.</param>
/// <param name="Kind">The bucket's kind.</param>
/// <param name="Amount">How much.</param>
/// <param name="BalanceAfter">What the bucket has afterwards (posted).</param>
public readonly record struct BucketShare(string Bucket, BucketKind Kind, Credits Amount, Credits BalanceAfter);

/// <summary>A live hold: the right to make one call. Ends with exactly one settlement.</summary>
public sealed class Hold
{
    internal Hold(HoldRequest request, Credits amount, BucketShare[] split, RateState rates, DateTimeOffset heldAt)
    {
        Request = request;
        Amount = amount;
        Split = split;
        Rates = rates;
        HeldAt = heldAt;
    }

    /// <summary>What was asked.</summary>
    public HoldRequest Request { get; }

    /// <summary>The id of the call.</summary>
    public ReceiptId ReceiptId => Request.ReceiptId;

    /// <summary>How much is set aside, at most <see cref="HoldRequest.Amount"/>.</summary>
    public Credits Amount { get; }

    /// <summary>The buckets that it is set aside in, in the order in which they pay.</summary>
    public IReadOnlyList<BucketShare> Split { get; }

    /// <summary>The key's rates after this call was admitted.</summary>
    public RateState Rates { get; }

    /// <summary>When the call was admitted.</summary>
    public DateTimeOffset HeldAt { get; }

    /// <summary>The trace that the call belongs to: the parent of its span <c>recording</c>. Default: none, and no span. Kept by a hold that replaces this one.</summary>
    public ActivityContext Trace { get; set; }

    /// <summary>The spool segments that must outlive this call: <c>[First..Last]</c>.</summary>
    internal (int First, int Last)? PinnedSegments { get; set; }

    /// <summary>What the settlement left for the recorder; set once.</summary>
    internal SettledCall? Settled { get; set; }

    /// <summary>Set by the first that ends the call, a settlement or the reaper; all others wait for its result.</summary>
    internal TaskCompletionSource<Settled>? Ending;

    /// <summary>1 once DELIVERING is in the spool.</summary>
    internal int DeliveringWritten;

    /// <summary>1 once the settlement was handed to the recorder.</summary>
    internal int Finished;

    /// <summary>When it was finished, if its trace is recorded.</summary>
    internal DateTimeOffset? FinishedAt;

    /// <summary>What the settlement said was used: corrects tokens a minute, also when the front hears of it late.</summary>
    internal long SettledTokens;

    /// <summary>The epoch in which the front charged it; 0: not yet, or the only front there is.</summary>
    internal long ChargedInEpoch;

    /// <summary>Goes to the recorder at 2: once it is charged, and once it is finished.</summary>
    internal int RecordingSteps;

    /// <summary>What the last renewal said had been delivered.</summary>
    internal Usage DeliveredUsage { get; set; }
}

/// <summary>The answer to a <see cref="HoldRequest"/>: a closed family.</summary>
public abstract record HoldResult
{
    private HoldResult()
    {
    }

    /// <summary>Admitted.</summary>
    public sealed record Held(Hold Hold) : HoldResult;

    /// <summary>Over the rate of requests or tokens; may come again after <paramref name="RetryAfter"/>.</summary>
    public sealed record RateLimited(bool ByTokens, TimeSpan RetryAfter, RateState Rates) : HoldResult;

    /// <summary>Too many calls of this key in flight.</summary>
    public sealed record ConcurrencyLimited(int Limit) : HoldResult;

    /// <summary>The key's budget does not cover it.</summary>
    public sealed record OverBudget(Budget Budget, Credits Remaining, DateTimeOffset? ResetsAt) : HoldResult;

    /// <summary>The member's allowance does not cover it.</summary>
    public sealed record OverAllowance(Credits Allowance, Credits Remaining, DateTimeOffset ResetsAt) : HoldResult;

    /// <summary>It would fit once calls in flight release what they hold.</summary>
    public sealed record Reserved(Credits Available, Credits Balance) : HoldResult;

    /// <summary>The buckets that may pay do not cover it.</summary>
    public sealed record Insufficient(Credits Available) : HoldResult;

    /// <summary>The ledger cannot admit calls now.</summary>
    public sealed record Unavailable(UnavailableReason Reason) : HoldResult;
}

/// <summary>Why the ledger cannot admit calls.</summary>
public enum UnavailableReason
{
    /// <summary>Too many settlements wait for the book (<c>Gateway__MaxUnrecorded</c>).</summary>
    Backlog,

    /// <summary>The spool cannot be written.</summary>
    Spool,

    /// <summary>This machine's clock differs from the book's by more than a minute: receipts would carry a wrong time.</summary>
    Clock,

    /// <summary>No front answers, or a new epoch of it is being opened.</summary>
    Front,

    /// <summary>The book is away and <c>Gateway__WhenBookDown</c> is <c>reject</c>, or the account is not in memory yet.</summary>
    Book,
}
