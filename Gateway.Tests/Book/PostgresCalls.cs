using Gateway.Ledger;

namespace Gateway.Tests.Book;

/// <summary>Settled calls of one share each.</summary>
internal static class PostgresCalls
{
    public static SettledCall Call(string account, string bucket, Credits cost, DateTimeOffset at) => new(
        ReceiptId.Create(at),
        account,
        "ws_default",
        $"key_{account}",
        RunId: null,
        at,
        at.AddSeconds(1),
        Outcome.Complete,
        cost,
        Credits.Zero,
        [new BucketShare(bucket, BucketKind.Credit, cost, Credits.Zero)],
        """{"currency":"CREDIT"}"""u8.ToArray());
}
