namespace Gateway.Ledger.Front.InProcess;

/// <summary>One bucket in memory. Guarded by the account's lock. Unit of the amounts: nano-credits.</summary>
internal sealed class BucketState(BucketBalance bucket)
{
    /// <summary>Who may use it and in which order; its amounts are stale, those here count.</summary>
    public BucketBalance Terms { get; private set; } = bucket;

    public long Credited { get; private set; } = bucket.Credited.Nano;

    public long Spent { get; set; } = bucket.Spent.Nano;

    public long Held { get; set; } = bucket.Held.Nano;

    // Credits that are taken out while a call holds them leave when the hold ends: held never exceeds posted.
    public long Posted => Math.Max(Credited - Spent, Held);

    public long Available => Posted - Held;

    /// <summary>The bucket as the front has it.</summary>
    public BucketBalance ToBalance() => Terms with { Credited = new(Spent + Posted), Spent = new(Spent), Held = new(Held) };

    /// <summary>All of its state: what the constructor takes.</summary>
    public BucketBalance ToStored() => Terms with { Credited = new(Credited), Spent = new(Spent), Held = new(Held) };

    /// <summary>Takes a newer total; an older one is ignored.</summary>
    public bool Update(BucketBalance news)
    {
        if (news.CreditVersion <= Terms.CreditVersion)
            return false;

        Terms = news;
        Credited = news.Credited.Nano;
        return true;
    }

    /// <summary>Whether it may pay for the call; expiry is judged at the moment of the hold.</summary>
    public bool Pays(HoldRequest request, DateTimeOffset heldAt) =>
        Pays(request.Price, request.Facts.Provider, request.Facts.Model, request.PacksOnly, heldAt);

    /// <inheritdoc cref="Pays(HoldRequest, DateTimeOffset)"/>
    public bool Pays(Price price, string provider, string model, bool packsOnly, DateTimeOffset heldAt)
    {
        if (!string.Equals(Terms.Currency, price.Currency, StringComparison.Ordinal) || Terms.ExpiresAt <= heldAt)
            return false;

        return Terms.Kind switch
        {
            BucketKind.Pack => string.Equals(Terms.Provider, provider, StringComparison.Ordinal)
                && string.Equals(Terms.Model, model, StringComparison.Ordinal),
            BucketKind.Credit => !packsOnly && price.RouteType == RouteType.Official,
            _ => !packsOnly && price.RouteType == RouteType.Ordinary,
        };
    }

    /// <summary>Packs before the rest; then priority, earliest expiry (none last), given before bought, oldest.</summary>
    public static int CompareBurnOrder(BucketState left, BucketState right)
    {
        var (a, b) = (left.Terms, right.Terms);
        var order = (a.Kind != BucketKind.Pack).CompareTo(b.Kind != BucketKind.Pack);
        if (order == 0)
            order = a.Priority.CompareTo(b.Priority);
        if (order == 0)
            order = (a.ExpiresAt ?? DateTimeOffset.MaxValue).CompareTo(b.ExpiresAt ?? DateTimeOffset.MaxValue);
        if (order == 0)
            order = b.Promotional.CompareTo(a.Promotional);
        if (order == 0)
            order = a.CreatedAt.CompareTo(b.CreatedAt);
        return order != 0 ? order : string.CompareOrdinal(a.Id, b.Id);
    }
}
