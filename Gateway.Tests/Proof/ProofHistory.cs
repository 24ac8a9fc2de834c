using Gateway.Ledger;
using Gateway.Ledger.Book;

namespace Gateway.Tests.Proof;

/// <summary>Writes a history with real receipts into a book: their arithmetic can be checked.</summary>
internal sealed class ProofHistory(IBook book)
{
    public const string Account = "acc_one";
    public static readonly DateTimeOffset Start = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    private static readonly Price Price = new()
    {
        Version = 3, Currency = "CREDIT", RouteType = RouteType.Official, Base = new Rates { Input = 1_400_000, Output = 2_800_000, CachedInput = 333_333 },
    };

    public async Task<string> TopUpAsync(long credits, string account = Account)
    {
        var posting = new Posting
        {
            Account = account, Workspace = "ws_default", Kind = BucketKind.Credit, Currency = "CREDIT",
            Amount = new Credits(credits * Credits.NanoPerCredit), Actor = "operator",
        };
        return ((PostingResult.Posted)await book.PostAsync(posting, Start, default)).Bucket.Id;
    }

    /// <summary>Five batches: whole, cut, failed and overrun calls of two accounts, and a refund. Blocks 1 and 2 are the top-ups.</summary>
    public async Task<IReadOnlyList<SettledCall>> WriteAsync()
    {
        var one = await TopUpAsync(10);
        var two = await TopUpAsync(20, "acc_two");
        var calls = new List<SettledCall>();
        for (var i = 0; i < 5; i++)
        {
            SettledCall[] batch =
            [
                Call(Account, one, 100 + i, 1_000), Call("acc_two", two, 50, 20 + i), Call("acc_two", two, 0, 0, Outcome.Failed),
                Call(Account, one, 90, 5_000, Outcome.ClientClosed, hold: new Credits(9_000_000)), Call(Account, one, 7, 3, shortfall: new Credits(5_000)),
            ];
            calls.AddRange(batch);
            await book.RecordAsync(batch, default);
        }

        await book.VoidAsync(calls[0].ReceiptId, Start.AddSeconds(2), default);
        return calls;
    }

    /// <summary>The same, then a refund in two parts of one call and one for an answer that was not delivered.</summary>
    public async Task WriteWithRefundsAsync()
    {
        var calls = await WriteAsync();
        await RefundAsync(calls[1], new Credits(1_000), RefundReason.Requested);
        await RefundAsync(calls[1], new Credits(2_000), RefundReason.Requested);
        await RefundAsync(calls[4], amount: null, RefundReason.Undelivered);
    }

    public static SettledCall Call(
        string account, string bucket, long input, long output, Outcome outcome = Outcome.Complete, Credits shortfall = default, Credits? hold = null)
    {
        var usage = new Usage(input, input / 3, 0, output, 0);
        var held = hold ?? new Credits(100_000_000);
        var cost = outcome switch
        {
            Outcome.Failed => Credits.Zero,
            Outcome.Complete => Price.Cost(usage) - shortfall,
            _ => Credits.Min(Price.Cost(usage), held),
        };
        var id = ReceiptId.Create(Start);
        var ended = shortfall > Credits.Zero ? Outcome.Overrun : outcome;
        var facts = new CallFacts
        {
            KeyId = "key_a", Workspace = "ws_default", RunId = "run \"7\" ü", Endpoint = "/v1/chat/completions", Dialect = "openai", RequestedModel = "echo",
            RoutedModel = "demo/echo", Provider = "demo", Model = "echo", RouteType = RouteType.Official, PrimaryChannel = "ch_1",
        };
        var draft = ReceiptDocument.Draft(facts, id, Start, ended, usage, CountedBy.Upstream, Price, cost, shortfall, held);
        BucketShare[] paidBy = cost == Credits.Zero ? [] : [new BucketShare(bucket, BucketKind.Credit, cost, Credits.Zero)];
        return new SettledCall(id, account, "ws_default", "key_a", facts.RunId, Start, Start.AddSeconds(1), ended, cost, shortfall, paidBy, draft);
    }

    private async Task RefundAsync(SettledCall call, Credits? amount, RefundReason reason)
    {
        var refund = new Refund { ReceiptId = call.ReceiptId, Amount = amount, Reason = reason, Actor = "operator" };
        if (await book.RefundAsync(refund, Start.AddSeconds(3), default) is not RefundResult.Refunded)
            throw new InvalidOperationException($"{call.ReceiptId} was not refunded.");
    }
}
