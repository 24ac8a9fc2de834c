using System.Collections.Concurrent;
using System.Text;
using Gateway.Ledger;

namespace Gateway.Tests.Fakes;

/// <summary>A ledger that takes postings and has the receipts that a test gives it.</summary>
internal sealed class PostingLedger : ILedger
{
    public List<Posting> Postings { get; } = [];

    /// <summary>Receipts, each with its workspace and its JSON.</summary>
    public ConcurrentDictionary<ReceiptId, (string Workspace, string Json)> Receipts { get; } = [];

    public LedgerHealth Health => new(SpoolOk: true, BookOk: true, Unrecorded: 0);

    public ValueTask<AccountBalance> BalanceAsync(string account, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new AccountBalance(account, [.. Postings.Where(posting => posting.Account == account).Select(BucketOf)]));

    public ValueTask<BudgetState?> BudgetAsync(string account, KeyLimits key, CancellationToken cancellationToken) =>
        ValueTask.FromResult(key.Budget is null ? null : new BudgetState(key.Budget, new Credits(1_200_000_000), Credits.Zero, null));

    public ValueTask<AllowanceState?> AllowanceAsync(string account, MemberLimits member, CancellationToken cancellationToken) =>
        ValueTask.FromResult<AllowanceState?>(null);

    public ValueTask<PostingResult> PostAsync(Posting posting, CancellationToken cancellationToken)
    {
        var before = Postings.Find(other => other.IdempotencyKey is not null && other.IdempotencyKey == posting.IdempotencyKey);
        if (before is not null && before.Fingerprint != posting.Fingerprint)
            return ValueTask.FromResult<PostingResult>(new PostingResult.KeyReused());
        if (before is null)
            Postings.Add(posting);
        return ValueTask.FromResult<PostingResult>(new PostingResult.Posted("po_1", BucketOf(posting), DateTimeOffset.UnixEpoch, before is not null));
    }

    public ValueTask<RefundResult> RefundAsync(Refund refund, CancellationToken cancellationToken) =>
        ValueTask.FromResult<RefundResult>(new RefundResult.NotFound());

    public ValueTask<ReadOnlyMemory<byte>?> FindReceiptAsync(ReceiptId id, string? workspace, string? keyId, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Receipts.TryGetValue(id, out var receipt) && (workspace is null || workspace == receipt.Workspace)
            ? Encoding.UTF8.GetBytes(receipt.Json)
            : (ReadOnlyMemory<byte>?)null);

    public ValueTask<Page<Entry>> ListEntriesAsync(string account, int limit, string? cursor, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new Page<Entry>([], null));

    public ValueTask<HoldResult> HoldAsync(HoldRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<HoldResult> ReholdAsync(Hold hold, HoldRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<bool> RenewAsync(Hold hold, Usage delivered, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<Settled> SettleAsync(Hold hold, Settlement settlement, CancellationToken cancellationToken) => throw new NotSupportedException();

    public void Delivering(Hold hold) => throw new NotSupportedException();

    public void Finish(Hold hold, Delivery delivery) => throw new NotSupportedException();

    private static BucketBalance BucketOf(Posting posting) => new()
    {
        Id = posting.Kind == BucketKind.Pack ? "pk_1" : "bkt_1",
        Kind = posting.Kind,
        Provider = posting.Provider,
        Model = posting.Model,
        Currency = posting.Currency,
        CreatedAt = DateTimeOffset.UnixEpoch,
        Credited = posting.Amount,
        Spent = Credits.Zero,
    };
}
