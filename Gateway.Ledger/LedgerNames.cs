using System.Diagnostics;

namespace Gateway.Ledger;

/// <summary>The names that JSON and SQL use for the ledger's enumerations.</summary>
public static class LedgerNames
{
    /// <summary>Snake case, for example <c>client_closed</c>.</summary>
    public static string Of(Outcome outcome) => outcome switch
    {
        Outcome.Complete => "complete",
        Outcome.ClientClosed => "client_closed",
        Outcome.Interrupted => "interrupted",
        Outcome.Failed => "failed",
        Outcome.Recovered => "recovered",
        Outcome.Empty => "empty",
        Outcome.Overrun => "overrun",
        Outcome.Rejected => "rejected",
        Outcome.Cached => "cached",
        _ => throw new UnreachableException(outcome.ToString()),
    };

    /// <summary>For example <c>confirmed</c>.</summary>
    public static string Of(Delivery delivery) => delivery switch
    {
        Delivery.Confirmed => "confirmed",
        Delivery.Unconfirmed => "unconfirmed",
        Delivery.Refunded => "refunded",
        _ => throw new UnreachableException(delivery.ToString()),
    };

    /// <summary>For example <c>upstream+gateway</c>.</summary>
    public static string Of(CountedBy countedBy) => countedBy switch
    {
        CountedBy.None => "none",
        CountedBy.Upstream => "upstream",
        CountedBy.UpstreamAndGateway => "upstream+gateway",
        CountedBy.Gateway => "gateway",
        _ => throw new UnreachableException(countedBy.ToString()),
    };

    /// <summary><c>official</c> or <c>ordinary</c>.</summary>
    public static string Of(RouteType routeType) => routeType switch
    {
        RouteType.Official => "official",
        RouteType.Ordinary => "ordinary",
        _ => throw new UnreachableException(routeType.ToString()),
    };

    /// <summary><c>pack</c>, <c>credit</c> or <c>wallet</c>.</summary>
    public static string Of(BucketKind kind) => kind switch
    {
        BucketKind.Pack => "pack",
        BucketKind.Credit => "credit",
        BucketKind.Wallet => "wallet",
        _ => throw new UnreachableException(kind.ToString()),
    };

    /// <summary>The workspace of an account: <c>acc_x</c> is that of <c>ws_x</c>.</summary>
    public static string WorkspaceOf(string account) =>
        string.Concat("ws_", account.StartsWith("acc_", StringComparison.Ordinal) ? account.AsSpan(4) : account);

    /// <summary><c>undelivered</c> or <c>requested</c>.</summary>
    public static string Of(RefundReason reason) => reason switch
    {
        RefundReason.Undelivered => "undelivered",
        RefundReason.Requested => "requested",
        _ => throw new UnreachableException(reason.ToString()),
    };

    /// <summary>The kind of a posting's entries, such as <c>top_up</c>.</summary>
    public static string Of(PostingReason reason) => reason switch
    {
        PostingReason.TopUp => "top_up",
        PostingReason.Pack => "pack",
        PostingReason.Adjustment => "adjustment",
        _ => throw new UnreachableException(reason.ToString()),
    };

    /// <summary>Reads what <see cref="Of(BucketKind)"/> wrote.</summary>
    public static BucketKind ParseBucketKind(string name) => name switch
    {
        "pack" => BucketKind.Pack,
        "credit" => BucketKind.Credit,
        "wallet" => BucketKind.Wallet,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "Not a customer's bucket."),
    };

    /// <summary>Reads what <see cref="Of(Delivery)"/> wrote.</summary>
    public static Delivery ParseDelivery(string name) => name switch
    {
        "confirmed" => Delivery.Confirmed,
        "unconfirmed" => Delivery.Unconfirmed,
        "refunded" => Delivery.Refunded,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "Not a delivery."),
    };
}
