using System.Text;
using System.Text.Json;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Ledger.Proof;
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

    [Test]
    public void Images_sound_and_characters_are_shown_in_their_own_units_and_can_be_computed_again()
    {
        var price = Price with { Base = new Rates { Input = 1, Output = 1, Image = 40_000_000_000, AudioMillisecond = 100_000, Character = 15_000_000 } };
        var usage = new Usage(0, 0, 0, 0, 0, Images: 2, AudioMilliseconds: 61_040, Characters: 11);
        var cost = price.Cost(usage);

        var draft = ReceiptDocument.Draft(Facts(), default, At, Outcome.Complete, usage, CountedBy.Gateway, price, cost, Credits.Zero, cost);

        Assert.That(Encoding.UTF8.GetString(draft), Does.Contain(string.Concat(
            """ "reasoningTokens":0,"images":2,"audioSeconds":61.04,"characters":11,"countedBy":"gateway"},""".TrimStart(),
            """ "price":{"version":3,"lines":[{"item":"image","quantity":2,"pricePerImage":0.04,"cost":0.08},""".TrimStart(),
            """{"item":"audio","quantity":61.04,"pricePerAudioSecond":0.0001,"cost":0.006104},""",
            """{"item":"character","quantity":11,"pricePer1MCharacters":15,"cost":0.000165}]},"cost":0.086269""")));
        using var receipt = JsonDocument.Parse(draft);
        Assert.That(ReceiptArithmetic.Read(receipt.RootElement).CheckCost(), Is.Null);
        Assert.That(ReceiptUsage.Read(receipt.RootElement.GetProperty("usage")), Is.EqualTo(usage));
    }

    [TestCase("""{"item":"audio","quantity":61.04,"pricePerAudioSecond":0.0001,"cost":0.006105}""", "61.04 audio at 0.0001 per second are not 0.006105")]
    [TestCase("""{"item":"image","quantity":1,"pricePerImage":0.04,"pricePer1M":1,"cost":0.04}""", "image has no price, or several")]
    [TestCase("""{"item":"image","quantity":1,"cost":0.04}""", "image has no price, or several")]
    [TestCase("""{"item":"image","quantity":-1,"pricePerImage":0.04,"cost":-0.04}""", "the quantity of image is not one")]
    [TestCase("""{"item":"image","quantity":1.5,"pricePerImage":0.04,"cost":0.06}""", "1.5 has more than 0 decimals")]
    [TestCase("""{"item":"audio","quantity":0.0001,"pricePerAudioSecond":1,"cost":0.0001}""", "0.0001 has more than 3 decimals")]
    public void A_line_that_does_not_add_up_is_named(string line, string words)
    {
        using var receipt = JsonDocument.Parse("{\"price\":{\"lines\":[" + line + "]}}");

        Assert.That(() => ReceiptArithmetic.Read(receipt.RootElement), Throws.TypeOf<FormatException>().With.Message.EqualTo(words));
    }

    [Test]
    public void A_line_of_an_earlier_version_had_every_price_per_million()
    {
        using var receipt = JsonDocument.Parse(
            """
            {"id":"ul_1","outcome":"complete","usage":{"countedBy":"upstream"},"cost":0.04,"hold":0.04,
             "price":{"lines":[{"item":"image","quantity":1,"pricePer1M":40000,"cost":0.04}]}}
            """);

        Assert.That(ReceiptArithmetic.Read(receipt.RootElement).CheckCost(), Is.Null);
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
