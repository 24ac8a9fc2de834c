namespace Gateway.Ledger.Book.Postgres;

/// <summary>What a batch of settlements comes to, worked out in memory from the locked buckets: the receipts to write, and the moves in <see cref="LockedBuckets"/>.</summary>
internal sealed class RecordingPlan
{
    private readonly LockedBuckets buckets;
    private readonly List<ReceiptRow> receipts;
    private readonly List<BucketRow> payers = [];
    private readonly List<BucketShare> split = [];

    private RecordingPlan(LockedBuckets buckets, int capacity)
    {
        this.buckets = buckets;
        receipts = new List<ReceiptRow>(capacity);
    }

    /// <summary>The receipts that the book does not have.</summary>
    public IReadOnlyList<ReceiptRow> Receipts => receipts;

    /// <summary>Works it out for the calls that are not in <paramref name="known"/>, which then holds all of them: a call that comes twice counts once.</summary>
    public static RecordingPlan Of(IReadOnlyList<SettledCall> batch, HashSet<Guid> known, LockedBuckets buckets)
    {
        var plan = new RecordingPlan(buckets, batch.Count);
        for (var i = 0; i < batch.Count; i++)
        {
            if (known.Add(batch[i].ReceiptId.Value))
                plan.Add(batch[i]);
        }

        return plan;
    }

    private void Add(SettledCall call)
    {
        var charged = Split(call);
        var shortfall = call.Shortfall + (call.Cost - charged);
        var currency = payers.Count > 0 ? payers[0].Currency : ReceiptDocument.Currency(call.Receipt.Span);
        var body = charged == call.Cost ? call.Receipt.ToArray() : ReceiptDocument.WithCost(call.Receipt.Span, charged, shortfall);
        receipts.Add(new ReceiptRow(call, charged, shortfall, currency, [.. split], body));
        if (charged == Credits.Zero && shortfall == Credits.Zero)
            return;

        var reference = call.ReceiptId.ToString();
        var revenue = buckets.House(call.Account, BucketRow.Revenue, currency);
        for (var i = 0; i < split.Count; i++)
            buckets.Move(payers[i], -split[i].Amount.Nano, "charge", reference, call.SettledAt);
        if (charged > Credits.Zero)
            buckets.Move(revenue, charged.Nano, "charge", reference, call.SettledAt);
        if (shortfall > Credits.Zero)
        {
            buckets.Move(buckets.House(call.Account, BucketRow.Shortfall, currency), -shortfall.Nano, "charge", reference, call.SettledAt);
            buckets.Move(revenue, shortfall.Nano, "charge", reference, call.SettledAt);
        }

        // The id's moment, which the receipt keeps: a refund takes it back from the same day.
        buckets.Spend(call.KeyId, call.MemberId, Instants.Of(call.ReceiptId), charged.Nano);
    }

    // What each bucket really pays. It differs from the settlement's split only on a replay after a crash, when later calls have spent the bucket:
    // a balance never goes below zero, so the house pays the rest.
    // A split names a bucket once; a second share of it is not believed.
    private Credits Split(SettledCall call)
    {
        payers.Clear();
        split.Clear();
        var charged = Credits.Zero;
        for (var i = 0; i < call.PaidBy.Count; i++)
        {
            var share = call.PaidBy[i];
            if (buckets.Find(call.Account, share.Bucket) is not { } bucket || payers.Contains(bucket))
                continue;

            var pays = Credits.Min(Credits.Min(share.Amount, new Credits(bucket.Posted)), call.Cost - charged);
            if (pays <= Credits.Zero)
                continue;

            charged += pays;
            payers.Add(bucket);
            split.Add(pays == share.Amount ? share : share with { Amount = pays, BalanceAfter = new Credits(bucket.Posted) - pays });
        }

        return charged;
    }
}

/// <summary>A receipt on its way into its table.</summary>
internal sealed record ReceiptRow(SettledCall Call, Credits Charged, Credits Shortfall, string Currency, BucketShare[] PaidBy, byte[] Body);
