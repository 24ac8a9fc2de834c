namespace Gateway.Ledger.Book;

/// <summary>The book of record: receipts, entries, balances. SQLite here; PostgreSQL keeps the same promises.</summary>
internal interface IBook
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

    /// <summary>Reverses the charge of a recorded receipt by a pair of entries, once; its delivery becomes <see cref="Delivery.Refunded"/>.</summary>
    Task RefundAsync(ReceiptId id, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>Puts credits into a bucket, with its entries and an audit record.</summary>
    Task<PostingResult> PostAsync(Posting posting, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>The whole receipt document; <c>null</c>: none.</summary>
    Task<ReadOnlyMemory<byte>?> FindReceiptAsync(ReceiptId id, string? workspace, string? keyId, CancellationToken cancellationToken);

    /// <summary>Entries, newest first.</summary>
    Task<Page<Entry>> ListEntriesAsync(string account, int limit, string? cursor, CancellationToken cancellationToken);
}
