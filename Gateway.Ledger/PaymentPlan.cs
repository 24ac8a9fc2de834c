using Gateway.Ledger.Front.InProcess;

namespace Gateway.Ledger;

/// <summary>Which buckets would pay for calls that come one after the other; nothing is set aside.</summary>
/// <param name="balance">The account as the front has it: what calls in flight hold is not available.</param>
/// <param name="at">When the calls would come: expired buckets do not pay.</param>
public sealed class PaymentPlan(AccountBalance balance, DateTimeOffset at)
{
    private readonly List<(BucketState Bucket, Credits Left)> buckets = [.. balance.Buckets
        .Select(static bucket => (Bucket: new BucketState(bucket), Left: bucket.Available))
        .OrderBy(static pair => pair.Bucket, Comparer<BucketState>.Create(BucketState.CompareBurnOrder))];

    /// <summary>What is left for a call of this model at this price.</summary>
    public Credits Available(Price price, string provider, string model, bool packsOnly)
    {
        var available = Credits.Zero;
        foreach (var (bucket, left) in buckets)
        {
            if (bucket.Pays(price, provider, model, packsOnly, at))
                available += left;
        }

        return available;
    }

    /// <summary>The buckets that pay the amount, in order; together less than the amount where it is not covered.</summary>
    public IReadOnlyList<BucketShare> Take(Price price, string provider, string model, bool packsOnly, Credits amount)
    {
        var shares = new List<BucketShare>();
        for (var i = 0; i < buckets.Count && amount > Credits.Zero; i++)
        {
            var (bucket, left) = buckets[i];
            var part = Credits.Min(left, amount);
            if (part <= Credits.Zero || !bucket.Pays(price, provider, model, packsOnly, at))
                continue;

            amount -= part;
            buckets[i] = (bucket, left - part);
            shares.Add(new BucketShare(bucket.Terms.Id, bucket.Terms.Kind, part, left - part));
        }

        return shares;
    }
}
