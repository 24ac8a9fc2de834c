using Gateway.Ledger;

namespace Gateway.Host.Api.Accounts;

/// <summary>One bucket as REST shows it. Unit of the amounts: credits.</summary>
internal sealed record BucketAnswer(
    string Id, BucketKind Kind, string? Provider, string? Model, string Currency, decimal Available, decimal Held, decimal Posted, decimal Credited, decimal Spent,
    string Status, DateTimeOffset? ExpiresAt)
{
    public static BucketAnswer Of(BucketBalance bucket, DateTimeOffset now) => new(
        bucket.Id, bucket.Kind, bucket.Provider, bucket.Model, bucket.Currency, bucket.Available.ToDecimal(), bucket.Held.ToDecimal(), bucket.Posted.ToDecimal(),
        bucket.Credited.ToDecimal(), bucket.Spent.ToDecimal(), bucket.ExpiresAt <= now ? "EXPIRED" : bucket.Posted.Nano <= 0 ? "EXHAUSTED" : "ACTIVE", bucket.ExpiresAt);
}

/// <summary>An account as REST shows it.</summary>
internal sealed record AccountAnswer(string Account, IReadOnlyList<BucketAnswer> Buckets);

/// <summary>A line of the ledger as REST shows it. Unit of the amounts: credits.</summary>
internal sealed record EntryAnswer(
    long Id, string Account, string Bucket, string Currency, long Version, string Reference, string Kind, decimal Amount, decimal PreviousBalance, decimal NewBalance,
    DateTimeOffset OccurredAt)
{
    public static EntryAnswer Of(Entry entry) => new(
        entry.Id, entry.Account, entry.Bucket, entry.Currency, entry.Version, entry.Reference, entry.Kind, entry.Amount.ToDecimal(), entry.PreviousBalance.ToDecimal(),
        entry.NewBalance.ToDecimal(), entry.OccurredAt);
}
