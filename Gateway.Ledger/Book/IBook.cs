namespace Gateway.Ledger.Book;

/// <summary>The book of record: receipts, entries, balances. SQLite here; PostgreSQL keeps the same promises.</summary>
internal interface IBook : IMemberSpending
{
    /// <summary>Applies the migrations; a newer schema than this program knows is refused.</summary>
    Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>The account's buckets with nothing held; an unknown account has none.</summary>
    Task<AccountBalance> LoadAccountAsync(string account, CancellationToken cancellationToken);

    /// <summary>What the key was charged on the days from <paramref name="from"/> (UTC) to today, and ever.</summary>
    Task<Credits> LoadKeySpentAsync(string keyId, DateOnly from, CancellationToken cancellationToken);

    /// <summary>Receipts, entries, balances, key totals in one transaction. A receipt that the book has is skipped whole, so a batch may come twice.</summary>
    /// <returns>How many were new.</returns>
    Task<int> RecordAsync(IReadOnlyList<SettledCall> batch, CancellationToken cancellationToken);

    /// <summary>Reverses a recorded charge that the front never made, once: what was spent goes down, and its delivery becomes <see cref="Delivery.Refunded"/>.</summary>
    Task VoidAsync(ReceiptId id, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>Gives a recorded charge back by raising what was credited, so that the buckets' new totals are all that a front must be told.
    /// With its entries, its posting and an audit record; the totals of key and member go down too.</summary>
    Task<RefundResult> RefundAsync(Refund refund, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>Takes what is left out of packs that expired before the moment, each with its entries, its posting and an audit record.</summary>
    /// <param name="expiredBefore">A call that was admitted before a pack's end is still charged to it: leave time for that.</param>
    /// <param name="limit">At most so many packs.</param>
    /// <param name="at">When it happens.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The emptied packs.</returns>
    Task<IReadOnlyList<(string Account, BucketBalance Bucket)>> ExpireAsync(
        DateTimeOffset expiredBefore, int limit, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>Puts credits into a bucket, or corrects it, with its entries and an audit record.</summary>
    Task<PostingResult> PostAsync(Posting posting, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>The whole receipt document; <c>null</c>: none.</summary>
    Task<ReadOnlyMemory<byte>?> FindReceiptAsync(ReceiptId id, string? workspace, string? keyId, CancellationToken cancellationToken);

    /// <summary>Entries, newest first.</summary>
    Task<Page<Entry>> ListEntriesAsync(string account, int limit, string? cursor, CancellationToken cancellationToken);
}
