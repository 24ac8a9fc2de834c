using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>What a call says it cost, what its receipt says and what the balance lost are one number.</summary>
internal sealed class MoneyTests : EndToEndFixture
{
    // 24 tokens at 1.4 and 86 at 2.8 credits a million.
    private const decimal FullCost = 0.0002744m;

    [Test]
    public async Task A_plain_answer_its_receipt_and_the_balance_agree_to_the_nano_credit()
    {
        var before = await PostedAsync();

        var answer = await CallAsync();

        var receipt = await ReceiptAsync(answer);
        var bucket = await BucketAsync("credit");
        Assert.That(answer.Json["usage"]!["cost"]!.GetValue<decimal>(), Is.EqualTo(FullCost));
        Assert.That(answer.Number("x-gateway-cost"), Is.EqualTo(FullCost));
        Assert.That(receipt["cost"]!.GetValue<decimal>(), Is.EqualTo(FullCost));
        Assert.That(receipt["paidBy"]!.AsArray().Sum(static share => share!["amount"]!.GetValue<decimal>()), Is.EqualTo(FullCost));
        Assert.That(receipt["paidBy"]![0]!["balanceAfter"]!.GetValue<decimal>(), Is.EqualTo(before - FullCost));
        Assert.That(bucket["posted"]!.GetValue<decimal>(), Is.EqualTo(before - FullCost));
        Assert.That(bucket["held"]!.GetValue<decimal>(), Is.Zero);
    }

    [Test]
    public async Task A_stream_its_receipt_and_the_balance_agree_to_the_nano_credit()
    {
        var before = await PostedAsync();

        var answer = await CallAsync(members: ""","stream":true,"stream_options":{"include_usage":true}""");

        var receipt = await ReceiptAsync(answer);
        var last = JsonNode.Parse(answer.Events[^2])!;
        Assert.That(answer.Events[^1], Is.EqualTo("[DONE]"));
        Assert.That(last["usage"]!["cost"]!.GetValue<decimal>(), Is.EqualTo(FullCost));
        Assert.That(last["usage"]!["paid_by"]!.AsArray(), Has.Count.EqualTo(1));
        Assert.That(receipt["cost"]!.GetValue<decimal>(), Is.EqualTo(FullCost));
        Assert.That(receipt["outcome"]!.GetValue<string>(), Is.EqualTo("complete"));
        Assert.That(await PostedAsync(), Is.EqualTo(before - FullCost));
    }

    [Test]
    public async Task A_stream_without_usage_is_counted_by_the_gateway()
    {
        var answer = await CallAsync("mode=nousage;count=7", ""","stream":true""");

        var usage = (await ReceiptAsync(answer))["usage"]!;
        Assert.That((usage["outputTokens"]!.GetValue<long>(), usage["countedBy"]!.GetValue<string>()), Is.EqualTo((7, "gateway")));
    }

    [Test]
    public async Task A_plain_answer_without_usage_is_counted_by_the_gateway()
    {
        var answer = await CallAsync("mode=nousage;count=7");

        var receipt = await ReceiptAsync(answer);
        Assert.That(answer.Json["usage"]!["completion_tokens"]!.GetValue<long>(), Is.EqualTo(7));
        Assert.That(receipt["usage"]!["countedBy"]!.GetValue<string>(), Is.EqualTo("gateway"));
        Assert.That(answer.Json["usage"]!["cost"]!.GetValue<decimal>(), Is.EqualTo(receipt["cost"]!.GetValue<decimal>()).And.GreaterThan(0));
    }

    [TestCase("status=500", "")]
    [TestCase("status=401", "")]
    [TestCase("status=429;retry=7", "")]
    [TestCase("status=400", "")]
    [TestCase("mode=html", "")]
    [TestCase("mode=empty", "")]
    [TestCase("status=500", ""","stream":true""")]
    [TestCase("mode=html", ""","stream":true""")]
    [TestCase("mode=break;count=0", ""","stream":true""")]
    public async Task A_failed_call_costs_nothing(string script, string members)
    {
        var before = await PostedAsync();

        // A channel of its own: it may ask to be left alone.
        var model = $"failing-{TestContext.CurrentContext.Test.ID}";
        await Gateway.CreateModelAsync(model, "official");
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", model, model);

        var answer = await CallAsync(script, members, $"fake/{model}");

        var receipt = await ReceiptAsync(answer);
        var bucket = await BucketAsync("credit");
        Assert.That((receipt["outcome"]!.GetValue<string>(), receipt["cost"]!.GetValue<decimal>()), Is.EqualTo(("failed", 0m)));
        Assert.That((bucket["posted"]!.GetValue<decimal>(), bucket["held"]!.GetValue<decimal>()), Is.EqualTo((before, 0m)));
    }

    [Test]
    public async Task Fifty_parallel_calls_cannot_spend_more_than_a_balance_for_one()
    {
        const string members = ""","max_completion_tokens":100""";
        var hold = (await ReceiptAsync(await CallAsync("in=10;count=100;pause=100", members)))["hold"]!.GetValue<decimal>();
        var balance = hold * 1.5m;
        await Gateway.TopUpAsync("wallet", balance);

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => CallAsync("in=10;count=100;pause=100", members, "fake/scarce")));

        var served = answers.Where(static answer => answer.Status == 200).ToList();
        var settled = served.Sum(static answer => answer.Number("x-gateway-cost"));
        var refusals = answers.Where(static answer => answer.Status != 200).Select(static answer => (answer.Status, answer.Code)).Distinct();
        Assert.That(served, Is.Not.Empty);
        Assert.That(settled, Is.LessThanOrEqualTo(balance));
        Assert.That(refusals, Is.SubsetOf(new (int, string?)[] { (402, "insufficient_balance"), (429, "credits_reserved") }));
        Assert.That(await PostedAsync("wallet"), Is.EqualTo(balance - settled));
        Assert.That((await BucketAsync("wallet"))["held"]!.GetValue<decimal>(), Is.Zero);
    }

    [Test]
    public async Task A_pack_pays_for_its_model_and_shows_in_the_wallet_dialect()
    {
        await Gateway.CreateModelAsync("packed", "official");
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", "packed", "packed");
        await Gateway.CreatePackAsync("packed", 20);

        var answer = await CallAsync(members: ""","provider":"fake" """, model: "packed");

        var pack = answer.Json["pack"]!;
        Assert.That(pack["internalCreditsRemaining"]!.GetValue<decimal>(), Is.EqualTo(20 - FullCost));
        Assert.That(pack["remainingTokensEst"]!.GetValue<long>(), Is.EqualTo((long)((20 - FullCost) / 2.1m * 1_000_000)));
        Assert.That(pack["status"]!.GetValue<string>(), Is.EqualTo("ACTIVE"));
        Assert.That((await ReceiptAsync(answer))["paidBy"]![0]!["kind"]!.GetValue<string>(), Is.EqualTo("pack"));
    }
}
