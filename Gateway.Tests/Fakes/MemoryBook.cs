using Gateway.Ledger;
using Gateway.Ledger.Book;

namespace Gateway.Tests.Fakes;

/// <summary>A book in memory that can be switched off.</summary>
internal sealed class MemoryBook : IBook, IMemberSpending
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, List<BucketBalance>> accounts = [];
    private readonly HashSet<ReceiptId> known = [];
    private readonly Dictionary<ReceiptId, Credits> refunds = [];

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
            return Task.FromResult(new Credits(Recorded
                .Where(call => call.MemberId == memberId && DateOnly.FromDateTime(call.OccurredAt.UtcDateTime) >= from)
                .Sum(call => call.Cost.Nano - (Refunded.Contains(call.ReceiptId) ? call.Cost.Nano : refunds.GetValueOrDefault(call.ReceiptId).Nano))));
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

    public Task VoidAsync(ReceiptId id, DateTimeOffset at, CancellationToken cancellationToken)
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

    public Task<RefundResult> RefundAsync(Refund refund, DateTimeOffset at, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        lock (gate)
        {
            if (Recorded.Find(recorded => recorded.ReceiptId == refund.ReceiptId) is not { } call)
                return Task.FromResult<RefundResult>(new RefundResult.NotFound());

            var before = refunds.GetValueOrDefault(call.ReceiptId);
            var charge = new RecordedCharge(
                call.Account, call.Workspace, call.KeyId, call.MemberId, call.OccurredAt, call.Cost, call.Shortfall, "CREDIT", call.PaidBy, before);
            if (charge.Refuses(refund, out var amount) is { } refused)
                return Task.FromResult(refused);

            refunds[call.ReceiptId] = before + amount;
            if (before + amount == call.Cost)
                Refunded.Add(call.ReceiptId);
            var buckets = charge.GiveBack(amount).Select(part => Credit(call.Account, part.Bucket, part.Amount)).ToArray();
            return Task.FromResult<RefundResult>(new RefundResult.Refunded(
                "pst_1", call.Account, call.KeyId, call.MemberId, charge.Admitted, amount, buckets, at, Replayed: false));
        }
    }

    public Task<IReadOnlyList<(string Account, BucketBalance Bucket)>> ExpireAsync(
        DateTimeOffset expiredBefore, int limit, DateTimeOffset at, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        lock (gate)
        {
            var ended = accounts.SelectMany(static account => account.Value.Select(bucket => (Account: account.Key, Bucket: bucket)))
                .Where(pack => pack.Bucket.ExpiresAt < expiredBefore && pack.Bucket.Posted > Credits.Zero).Take(limit).ToArray();
            return Task.FromResult<IReadOnlyList<(string, BucketBalance)>>(
                [.. ended.Select(pack => (pack.Account, Credit(pack.Account, pack.Bucket.Id, -pack.Bucket.Posted)))]);
        }
    }

    public Task<PostingResult> PostAsync(Posting posting, DateTimeOffset at, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        lock (gate)
        {
            var bucket = accounts[posting.Account].Single(known => posting.Bucket is null ? known.Kind == posting.Kind : known.Id == posting.Bucket);
            var posted = Credit(posting.Account, bucket.Id, posting.Amount);
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

    private BucketBalance Credit(string account, string id, Credits amount)
    {
        var buckets = accounts[account];
        var index = buckets.FindIndex(bucket => bucket.Id == id);
        return buckets[index] = buckets[index] with { Credited = buckets[index].Credited + amount, CreditVersion = buckets[index].CreditVersion + 1 };
    }

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
