using System.Text;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using NUnit.Framework;

namespace Gateway.Tests.Book;

internal sealed class ReceiptDocumentTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 21, 12, 0, 0, 250, TimeSpan.Zero);

    private static readonly Price Price = new()
    {
        Version = 3,
        Currency = "CREDIT",
        RouteType = RouteType.Official,
        Base = new Rates { Input = 1_400_000, Output = 2_800_000 },
    };

    [Test]
    public void A_receipt_has_the_contracts_fields_in_its_order_with_exact_decimals()
    {
        var id = ReceiptId.TryParse("ul_019aa64c9a7a7000800000000000002a", out var parsed) ? parsed : default;
        var usage = new Usage(24, 0, 0, 86, 0);
        var cost = Price.Cost(usage);
        var draft = ReceiptDocument.Draft(Facts(), id, At, Outcome.ClientClosed, usage, CountedBy.UpstreamAndGateway, Price, cost, Credits.Zero, new Credits(12_000_000));
        var share = new BucketShare("bkt_1", BucketKind.Credit, cost, new Credits(10_499_725_600));
        var call = new SettledCall(id, "acc_1", "ws_default", "key_1", null, At, At, Outcome.ClientClosed, cost, Credits.Zero, [share], draft);

        var text = Encoding.UTF8.GetString(ReceiptDocument.Complete(call, At.AddSeconds(1)).Span);

        Assert.That(text, Is.EqualTo(string.Concat(
            """{"id":"ul_019aa64c9a7a7000800000000000002a","outcome":"client_closed","createdAt":"2026-11-21T12:00:00.25Z",""",
            """ "keyId":"key_1","memberId":null,"workspace":"ws_default","runId":null,"tags":["chat"],"endpoint":"/v1/chat/completions",""".TrimStart(),
            """ "dialect":"openai","streamed":true,"requestedModel":"echo","routedModel":"demo/echo","upstreamModel":"echo-2","reportedModel":null,""".TrimStart(),
            """ "routeType":"official","primaryChannel":"ch_1","channel":"ch_2","fallbackUsed":true,"rules":[],"attempts":[""".TrimStart(),
            """{"n":1,"channel":"ch_1","upstreamModel":"echo","status":429,"error":"rate_limited","latencyMs":31.2,"firstByteMs":null,"charged":false},""",
            """{"n":2,"channel":"ch_2","upstreamModel":"echo-2","status":200,"error":null,"latencyMs":700,"firstByteMs":210.4,"charged":true}],""",
            """ "usage":{"inputTokens":24,"cachedInputTokens":0,"cacheWriteTokens":0,"outputTokens":86,"reasoningTokens":0,"countedBy":"upstream+gateway"},""".TrimStart(),
            """ "price":{"version":3,"lines":[{"item":"input","quantity":24,"pricePer1M":1.4,"cost":0.0000336},""".TrimStart(),
            """{"item":"output","quantity":86,"pricePer1M":2.8,"cost":0.0002408}]},"cost":0.0002744,"currency":"CREDIT","hold":0.012,""",
            """ "latencyMs":740.1,"firstTokenMs":210.4,"traceId":null,"delivery":"unconfirmed","settledAt":"2026-11-21T12:00:01.25Z",""".TrimStart(),
            """ "paidBy":[{"bucket":"bkt_1","kind":"credit","amount":0.0002744,"balanceAfter":10.4997256}],"block":null,"signature":null}""".TrimStart())));
    }

    [TestCase(0, 9, "0")]
    [TestCase(1, 9, "0.000000001")]
    [TestCase(-1_500_000_000, 9, "-1.5")]
    [TestCase(10_000_000_000, 9, "10")]
    [TestCase(1_000_000_100, 9, "1.0000001")]
    [TestCase(long.MaxValue, 12, "9223372.036854775807")]
    public void A_scaled_integer_is_written_exactly(long value, int scale, string expected)
    {
        Span<byte> text = stackalloc byte[64];

        var length = ExactDecimal.Format(value, scale, text);

        Assert.That(Encoding.ASCII.GetString(text[..length]), Is.EqualTo(expected));
    }

    [Test]
    public void Shares_are_read_as_they_were_written()
    {
        BucketShare[] shares = [new("pk_1", BucketKind.Pack, new Credits(1), Credits.MaxPerBucket), new("bkt_2", BucketKind.Wallet, new Credits(2), Credits.Zero)];

        var read = ReceiptDocument.ReadPaidBy(Encoding.UTF8.GetString(ReceiptDocument.PaidBy(shares)));

        Assert.That(read, Is.EqualTo(shares));
    }

    private static CallFacts Facts()
    {
        var facts = new CallFacts
        {
            KeyId = "key_1", Workspace = "ws_default", Tags = ["chat"], Endpoint = "/v1/chat/completions", Dialect = "openai", Streamed = true,
            RequestedModel = "echo", RoutedModel = "demo/echo", Provider = "demo", Model = "echo", RouteType = RouteType.Official,
            PrimaryChannel = "ch_1", Channel = "ch_2", UpstreamModel = "echo-2", LatencyMs = 740.12, FirstTokenMs = 210.4,
        };
        facts.Attempts.Add(new Attempt { N = 1, Channel = "ch_1", UpstreamModel = "echo", Status = 429, Error = "rate_limited", LatencyMs = 31.21 });
        facts.Attempts.Add(new Attempt { N = 2, Channel = "ch_2", UpstreamModel = "echo-2", Status = 200, LatencyMs = 700, FirstByteMs = 210.4, Charged = true });
        return facts;
    }
}
