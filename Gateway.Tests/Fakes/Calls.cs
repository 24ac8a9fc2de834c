using Gateway.Ledger;
using Gateway.Ledger.Book;

namespace Gateway.Tests.Fakes;

/// <summary>Small calls and buckets; one token costs one nano-credit.</summary>
internal static class Calls
{
    public const string Account = "acc_1";

    public static readonly DateTimeOffset Start = new(2026, 3, 4, 12, 0, 0, TimeSpan.Zero);

    public static readonly Price Price = new()
    {
        Version = 1,
        Currency = "CREDIT",
        RouteType = RouteType.Official,
        Base = new Rates { Input = 1000, Output = 1000 },
    };

    public static readonly KeyLimits Free = new() { KeyId = "key_1", RefillPerSecond = 0 };

    public static HoldRequest Request(long amount, long? minimum = null, KeyLimits? key = null, bool packsOnly = false, long tokens = 0, bool streamed = false, MemberLimits? member = null) => new()
    {
        ReceiptId = ReceiptId.Create(Start),
        Account = Account,
        Key = key ?? Free,
        Member = member,
        Price = Price,
        Amount = new Credits(amount),
        MinimumAmount = new Credits(minimum ?? amount),
        Tokens = tokens,
        PacksOnly = packsOnly,
        Facts = new CallFacts
        {
            KeyId = "key_1",
            MemberId = member?.MemberId,
            Workspace = "ws_1",
            Endpoint = "/v1/chat/completions",
            Dialect = "openai",
            RequestedModel = "gpt",
            RoutedModel = "openai/gpt",
            Provider = "openai",
            Model = "gpt",
            RouteType = RouteType.Official,
            PrimaryChannel = "ch_1",
            Streamed = streamed,
        },
    };

    /// <summary>The request by an ordinary route: the wallet pays it.</summary>
    public static HoldRequest Ordinary(HoldRequest request, long amount) => request with
    {
        Price = Price with { RouteType = RouteType.Ordinary },
        Amount = new Credits(amount),
        MinimumAmount = new Credits(amount),
    };

    /// <summary>What the ledger plans to record of a call before the front has charged it.</summary>
    public static SettledCall Planned(Hold hold, long cost, Outcome outcome = Outcome.Complete)
    {
        var request = hold.Request;
        var charged = Credits.Min(new Credits(cost), hold.Amount);
        var shortfall = new Credits(cost) - charged;
        if (shortfall > Credits.Zero)
            outcome = Outcome.Overrun;
        var receipt = ReceiptDocument.Draft(
            request.Facts, hold.ReceiptId, hold.HeldAt, outcome, Used(cost), CountedBy.Upstream, request.Price, charged, shortfall, hold.Amount);
        return new SettledCall(
            hold.ReceiptId, request.Account, request.Facts.Workspace, request.Key.KeyId, request.Facts.RunId, hold.HeldAt, hold.HeldAt,
            outcome, charged, shortfall, Gateway.Ledger.Spool.HoldSplit.Pay(hold.Split, charged), receipt)
        {
            MemberId = request.Facts.MemberId,
        };
    }

    public static BucketBalance Wallet(long credited, string id = "bkt_wallet") => Credit(credited, id) with { Kind = BucketKind.Wallet };

    public static BucketBalance Credit(long credited, string id = "bkt_credit") => new()
    {
        Id = id,
        Kind = BucketKind.Credit,
        Currency = "CREDIT",
        CreatedAt = Start,
        Credited = new Credits(credited),
        Spent = Credits.Zero,
    };

    public static BucketBalance Pack(string id, long credited, int priority = 50, DateTimeOffset? expires = null, bool promotional = false) => new()
    {
        Id = id,
        Kind = BucketKind.Pack,
        Provider = "openai",
        Model = "gpt",
        Currency = "CREDIT",
        Priority = priority,
        Promotional = promotional,
        ExpiresAt = expires,
        CreatedAt = Start,
        Credited = new Credits(credited),
        Spent = Credits.Zero,
    };

    public static Usage Used(long tokens) => new(0, 0, 0, tokens, 0);
}
