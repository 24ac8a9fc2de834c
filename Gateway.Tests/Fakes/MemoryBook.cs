using Gateway.Ledger;
using Gateway.Ledger.Book;

namespace Gateway.Tests.Fakes;

/// <summary>A book in memory that can be switched off.</summary>
internal sealed class MemoryBook : IBook, IMemberSpending
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, List<BucketBalance>> accounts = [];
    private readonly HashSet<ReceiptId> known = [];

    public bool Down { get; set; }

    public int Loads { get; private set; }

    public List<SettledCall> Recorded { get; } = [];

    public HashSet<ReceiptId> Refunded { get; } = [];

    public void Add(string account, BucketBalance bucket)
    {
        lock (gate)
        {
            if (!accounts.TryGetValue(account, out var buckets))
                accounts[account] = buckets = [];
            buckets.Add(bucket);
        }
    }

    public Task OpenAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<AccountBalance> LoadAccountAsync(string account, CancellationToken cancellationToken)
    {
        await Task.Delay(1, cancellationToken);
        ThrowIfDown();
        lock (gate)
        {
            Loads++;
            return new AccountBalance(account, accounts.TryGetValue(account, out var buckets) ? [.. buckets] : []);
        }
    }

    public Task<Credits> LoadKeySpentAsync(string keyId, DateOnly from, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        lock (gate)
        {
            return Task.FromResult(new Credits(
                Recorded.Where(call => call.KeyId == keyId && DateOnly.FromDateTime(call.OccurredAt.UtcDateTime) >= from).Sum(call => call.Cost.Nano)));
        }
    }

    public Task<Credits> LoadMemberSpentAsync(string memberId, DateOnly from, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        lock (gate)
        {
            return Task.FromResult(new Credits(
                Recorded.Where(call => ReceiptDocument.MemberId(call.Receipt.Span) == memberId && DateOnly.FromDateTime(call.OccurredAt.UtcDateTime) >= from)
                    .Sum(call => call.Cost.Nano)));
        }
    }

    public Task<int> RecordAsync(IReadOnlyList<SettledCall> batch, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        lock (gate)
        {
            var added = 0;
            foreach (var call in batch.Where(call => known.Add(call.ReceiptId)))
            {
                Recorded.Add(call);
                added++;
                foreach (var share in call.PaidBy)
                    Spend(call.Account, share.Bucket, share.Amount);
            }

            return Task.FromResult(added);
        }
    }

    public Task RefundAsync(ReceiptId id, DateTimeOffset at, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        lock (gate)
        {
            if (Refunded.Add(id))
            {
                var call = Recorded.Single(recorded => recorded.ReceiptId == id);
                foreach (var share in call.PaidBy)
                    Spend(call.Account, share.Bucket, -share.Amount);
            }
        }

        return Task.CompletedTask;
    }

    public Task<PostingResult> PostAsync(Posting posting, DateTimeOffset at, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        lock (gate)
        {
            var bucket = accounts[posting.Account].Single(known => known.Kind == posting.Kind);
            var posted = bucket with { Credited = bucket.Credited + posting.Amount, CreditVersion = bucket.CreditVersion + 1 };
            accounts[posting.Account][accounts[posting.Account].IndexOf(bucket)] = posted;
            return Task.FromResult<PostingResult>(new PostingResult.Posted("post_1", posted, at, Replayed: false));
        }
    }

    public Task<ReadOnlyMemory<byte>?> FindReceiptAsync(ReceiptId id, string? workspace, string? keyId, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var call = Recorded.Find(recorded => recorded.ReceiptId == id);
            return Task.FromResult(call is null ? (ReadOnlyMemory<byte>?)null : call.Receipt);
        }
    }

    public Task<Page<Entry>> ListEntriesAsync(string account, int limit, string? cursor, CancellationToken cancellationToken) =>
        Task.FromResult(new Page<Entry>([], null));

    private void Spend(string account, string id, Credits amount)
    {
        var buckets = accounts[account];
        var index = buckets.FindIndex(bucket => bucket.Id == id);
        buckets[index] = buckets[index] with { Spent = buckets[index].Spent + amount };
    }

    private void ThrowIfDown()
    {
        if (Down)
            throw new IOException("The book is switched off.");
    }
}
