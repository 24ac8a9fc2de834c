using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary><c>fallback_chain</c>: from <c>fake/echo-1</c> (credit, 1.4 and 2.8) to others, each at its own price and from its own bucket.</summary>
internal sealed class FallbackTests : EndToEndFixture
{
    private const string OnlyFirst = "only=echo-1";

    [OneTimeSetUp]
    public async Task AddModelsAndRules()
    {
        await Gateway.TopUpAsync("wallet", 1000);
        await Gateway.PostAsync(
            "/api/models",
            """{"provider":"fake","model":"dear","kind":"chat","maxOutputTokens":4096,"prices":[{"routeType":"official","inputPricePer1M":14,"outputPricePer1M":28}]}""");
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", "dear", "dear");
        await Gateway.CreateModelAsync("twins", "official");
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", "twins", "twin-1");
        await Gateway.PostAsync(
            "/api/channels",
            $$"""{"name":"second-twin","provider":"fake","baseUrl":"{{Upstream.BaseUrl}}","apiKey":"sk-canary","routeType":"official","allowPrivateAddress":true,"priority":1,"models":[{"model":"twins","upstreamModel":"twin-2"}]}""");
        await RuleAsync("to-scarce", """{"candidates":[{"provider":"fake","model":"scarce"}]}""");
        await RuleAsync("to-dear", """{"candidates":[{"provider":"fake","model":"dear"}]}""");
        await RuleAsync("to-both", """{"candidates":[{"provider":"fake","model":"dear"},{"provider":"fake","model":"scarce"}]}""");
        await RuleAsync("on-400", """{"candidates":[{"provider":"fake","model":"scarce"}],"onStatus":[400]}""");
        await RuleAsync("on-503", """{"candidates":[{"provider":"fake","model":"scarce"}],"onStatus":[503]}""");
        await RuleAsync("soon", """{"candidates":[{"provider":"fake","model":"scarce"}],"onTimeoutMs":200}""");
        await RuleAsync("once", """{"candidates":[{"provider":"fake","model":"scarce"}],"maxAttempts":1}""");
    }

    [Test]
    public async Task A_model_that_fails_is_followed_by_the_next_at_its_own_price([Values] bool streamed)
    {
        var (credit, wallet) = (await PostedAsync(), await PostedAsync("wallet"));

        var answer = await CallAsync("to-scarce", $"status=503;{OnlyFirst};count=10", streamed ? ",\"stream\":true" : "");

        var receipt = await ReceiptAsync(answer);
        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        Assert.That(answer.Header("x-gateway-attempts"), Is.EqualTo("2"));
        Assert.That(receipt["requestedModel"]!.GetValue<string>(), Is.EqualTo(Model));
        Assert.That(receipt["routedModel"]!.GetValue<string>(), Is.EqualTo("fake/scarce"));
        Assert.That(receipt["routeType"]!.GetValue<string>(), Is.EqualTo("ordinary"));
        Assert.That(receipt["fallbackUsed"]!.GetValue<bool>(), Is.True);
        Assert.That(receipt["primaryChannel"]!.GetValue<string>(), Is.Not.EqualTo(receipt["channel"]!.GetValue<string>()));
        Assert.That(Attempts(receipt), Is.EqualTo(new[] { "echo-1 503 upstream_error free", "scarce 200  charged" }));
        Assert.That(receipt["paidBy"]!.AsArray().Select(static share => share!["kind"]!.GetValue<string>()), Is.EqualTo(new[] { "wallet" }));
        Assert.That(Effect(receipt)["candidates"]![0]!.GetValue<string>(), Is.EqualTo("fake/scarce"));
        Assert.That(await PostedAsync(), Is.EqualTo(credit), "the model that failed is free");
        Assert.That(await PostedAsync("wallet"), Is.EqualTo(wallet - receipt["cost"]!.GetValue<decimal>()));
        Assert.That((await BucketAsync("credit"))["held"]!.GetValue<decimal>(), Is.Zero, "the first model's hold moved with the call");
    }

    [Test]
    public async Task A_channel_that_fails_is_followed_by_another_of_the_same_model_without_any_rule([Values] bool streamed)
    {
        var answer = await PostAsync(Request("status=429;only=twin-1;count=3", streamed ? ",\"stream\":true" : "", "fake/twins").Body);

        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        Assert.That(Attempts(await ReceiptAsync(answer)), Is.EqualTo(new[] { "twin-1 429 rate_limited free", "twin-2 200  charged" }));
    }

    [Test]
    public async Task A_chain_goes_on_until_one_answers()
    {
        var answer = await CallAsync("to-both", "status=500;count=5");

        var receipt = await ReceiptAsync(answer);
        Assert.That((answer.Status, answer.Code), Is.EqualTo((502, "upstream_error")), "the last one's error");
        Assert.That(Attempts(receipt), Is.EqualTo(new[] { "echo-1 500 upstream_error free", "dear 500 upstream_error free", "scarce 500 upstream_error free" }));
        Assert.That(receipt["cost"]!.GetValue<decimal>(), Is.Zero);
        Assert.That((await BucketAsync("wallet"))["held"]!.GetValue<decimal>(), Is.Zero);
    }

    [Test]
    public async Task The_hold_covers_the_dearest_of_the_chain_and_the_charge_is_that_of_the_one_that_answered()
    {
        var plain = await ReceiptAsync(await CallAsync("", "count=10", ",\"max_tokens\":100"));

        var chained = await ReceiptAsync(await CallAsync("to-dear", "count=10", ",\"max_tokens\":100"));

        Assert.That(chained["hold"]!.GetValue<decimal>(), Is.EqualTo(10 * plain["hold"]!.GetValue<decimal>()).Within(0.00001m));
        Assert.That(chained["cost"]!.GetValue<decimal>(), Is.EqualTo(plain["cost"]!.GetValue<decimal>()));
        Assert.That(chained["fallbackUsed"]!.GetValue<bool>(), Is.False);
    }

    [Test]
    public async Task A_status_that_the_rule_names_is_followed_even_if_it_is_the_clients_mistake_elsewhere()
    {
        var answer = await CallAsync("on-400", $"status=400;{OnlyFirst};count=3");

        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        Assert.That(Attempts(await ReceiptAsync(answer)), Is.EqualTo(new[] { "echo-1 400 refused free", "scarce 200  charged" }));
    }

    [Test]
    public async Task A_status_that_the_rule_does_not_name_is_shown()
    {
        var answer = await CallAsync("on-503", $"status=429;{OnlyFirst}");

        Assert.That((answer.Status, answer.Code), Is.EqualTo((429, "upstream_rate_limited")));
        Assert.That(Attempts(await ReceiptAsync(answer)), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task A_model_that_is_slow_to_begin_is_left([Values] bool streamed)
    {
        var answer = await CallAsync("soon", streamed ? $"mode=late;pause=3000;{OnlyFirst};count=3" : $"pause=3000;{OnlyFirst};count=3", streamed ? ",\"stream\":true" : "");

        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        Assert.That(Attempts(await ReceiptAsync(answer)), Is.EqualTo(new[] { "echo-1  upstream_timeout free", "scarce 200  charged" }).Or.EqualTo(new[] { "echo-1  timeout free", "scarce 200  charged" }));
    }

    [Test]
    public async Task The_most_attempts_count_the_requested_model()
    {
        var answer = await CallAsync("once", $"status=503;{OnlyFirst}");

        Assert.That(answer.Status, Is.EqualTo(502));
        Assert.That(Attempts(await ReceiptAsync(answer)), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task A_candidate_that_the_key_may_not_use_is_skipped_and_the_receipt_says_so()
    {
        var key = await Gateway.CreateKeyAsync(""","routes":["official"],"tags":["to-both"]""");

        var answer = await CallAsync("", $"status=503;{OnlyFirst};count=3", key: key);

        var receipt = await ReceiptAsync(answer, key);
        Assert.That(receipt["routedModel"]!.GetValue<string>(), Is.EqualTo("fake/dear"));
        Assert.That(Effect(receipt)["skipped"]!.AsArray().Select(static skipped => skipped!.GetValue<string>()), Is.EqualTo(new[] { "fake/scarce: the key may not use it" }));
    }

    [Test]
    public async Task A_candidate_that_the_balance_does_not_cover_is_skipped_and_the_receipt_says_so()
    {
        var key = await Gateway.CreateKeyAsync(""","tags":["to-dear"],"budget":{"amount":0.0005,"period":"total"}""");

        var answer = await CallAsync("", $"status=503;{OnlyFirst}", ",\"max_tokens\":100", key);

        var receipt = await ReceiptAsync(answer, key);
        Assert.That((answer.Status, answer.Code), Is.EqualTo((502, "upstream_error")), "what the requested model said");
        Assert.That(Effect(receipt)["skipped"]![0]!.GetValue<string>(), Is.EqualTo("fake/dear: the balance does not cover it"));
        Assert.That(Attempts(receipt), Has.Length.EqualTo(1));
        Assert.That((await BucketAsync("credit"))["held"]!.GetValue<decimal>(), Is.Zero);
    }

    [Test]
    public async Task A_stream_that_has_begun_is_not_begun_again_elsewhere()
    {
        var answer = await CallAsync("to-scarce", "mode=break;count=3", ",\"stream\":true");

        Assert.That(answer.Text, Does.Contain("stream_interrupted"));
        Assert.That(Attempts(await ReceiptAsync(answer)), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task A_quote_covers_the_dearest_of_the_chain()
    {
        var (_, body) = Request("", ",\"max_tokens\":100");

        var receipt = await ReceiptAsync(await CallAsync("to-dear", "", ",\"max_tokens\":100"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/quotes") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("X-Gateway-Tag", "to-dear");
        using var response = await Client.SendAsync(request);
        var quote = (await Answer.ReadAsync(response)).Json;

        Assert.That(quote["worst_case_cost"]!.GetValue<decimal>(), Is.EqualTo(receipt["hold"]!.GetValue<decimal>()).Within(0.0001m).And.GreaterThan(0.002m));
    }

    private Task<JsonNode> RuleAsync(string tag, string config) =>
        Gateway.PostAsync("/api/proxy-rules", $$"""{"type":"fallback_chain","name":"{{tag}}","tag":"{{tag}}","config":{{config}}}""");

    private async Task<Answer> CallAsync(string tag, string script, string members = "", string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(Request(script, members).Body, Encoding.UTF8, "application/json") };
        if (tag.Length > 0)
            request.Headers.Add("X-Gateway-Tag", tag);
        if (key is not null)
            request.Headers.Authorization = new("Bearer", key);
        using var response = await Client.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    private async Task<JsonNode> ReceiptAsync(Answer answer, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/receipts/{answer.Header("x-gateway-receipt")}");
        request.Headers.Authorization = new("Bearer", key);
        using var response = await Client.SendAsync(request);
        return (await Answer.ReadAsync(response)).Json;
    }

    private static JsonNode Effect(JsonNode receipt) => receipt["rules"]!.AsArray().Single(static rule => rule!["type"]!.GetValue<string>() == "fallback_chain")!["effect"]!;

    private static string[] Attempts(JsonNode receipt) => [.. receipt["attempts"]!.AsArray().Select(static attempt =>
        $"{attempt!["upstreamModel"]} {attempt["status"]} {attempt["error"]} {(attempt["charged"]!.GetValue<bool>() ? "charged" : "free")}")];
}
