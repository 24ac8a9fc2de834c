using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>What is charged when something odd happens.</summary>
internal sealed class PolicyTests : EndToEndFixture
{
    private const string Streamed = ""","stream":true""";

    protected override (string Name, string Value)[] Settings => [("Gateway__MaxAnswerTime", "2s")];

    [TestCase("count=2;out=-5", "")]
    [TestCase("count=2;out=1_5", "")]
    [TestCase("count=2;out=1100", "")]
    [TestCase("count=2;in=50000", "")]
    [TestCase("count=2;out=-5", Streamed)]
    [TestCase("count=2;out=1100", Streamed)]
    public async Task Absurd_usage_is_disputed_and_our_count_is_charged(string script, string members)
    {
        var answer = await CallAsync(script, members);

        var receipt = await ReceiptAsync(answer);
        var usage = receipt["usage"]!;
        Assert.That((receipt["outcome"]!.GetValue<string>(), usage["countedBy"]!.GetValue<string>(), usage["disputed"]!.GetValue<bool>()), Is.EqualTo(("complete", "gateway", true)));
        Assert.That(usage["outputTokens"]!.GetValue<long>(), Is.EqualTo(2));
        Assert.That(usage["reported"], Is.Not.Null);
        Assert.That(receipt["cost"]!.GetValue<decimal>(), Is.GreaterThan(0).And.LessThanOrEqualTo(receipt["hold"]!.GetValue<decimal>()).And.LessThan(0.0001m));
        Assert.That(Gateway.Text(), Does.Contain("which is not believed"));
    }

    [TestCase("count=2;out=1000", 1000)]
    [TestCase("count=0;in=0;out=0", 0)]
    public async Task Unusual_usage_is_believed(string script, long output)
    {
        var receipt = await ReceiptAsync(await CallAsync(script));

        Assert.That(receipt["usage"]!["countedBy"]!.GetValue<string>(), Is.EqualTo("upstream"));
        Assert.That(receipt["usage"]!["outputTokens"]!.GetValue<long>(), Is.EqualTo(output));
        Assert.That(receipt["usage"]!["disputed"], Is.Null);
    }

    [TestCase("")]
    [TestCase(Streamed)]
    public async Task Explicit_zero_usage_is_zero(string members)
    {
        var receipt = await ReceiptAsync(await CallAsync("count=3;in=0;out=0", members));

        Assert.That((receipt["outcome"]!.GetValue<string>(), receipt["cost"]!.GetValue<decimal>()), Is.EqualTo(("complete", 0m)));
    }

    [Test]
    public async Task A_stream_that_takes_too_long_is_ended_and_charged_for_what_was_delivered()
    {
        var (id, body) = Request("count=1000;pause=20", Streamed);

        var answer = await PostAsync(body);

        var receipt = await ReceiptAsync(answer);
        Assert.That(JsonNode.Parse(answer.Events[^1])!["error"]!["code"]!.GetValue<string>(), Is.EqualTo("max_duration"));
        Assert.That(receipt["outcome"]!.GetValue<string>(), Is.EqualTo("interrupted"));
        Assert.That(receipt["usage"]!["outputTokens"]!.GetValue<long>(), Is.InRange(1, 150));
        Assert.That(() => Upstream.Calls[id].WasCancelled, Is.True.After(15_000, 20));
    }

    [Test]
    public async Task An_upstream_that_ignores_its_limit_is_ended_where_the_balance_ends()
    {
        await Gateway.TopUpAsync("wallet", 0.0005m);

        var answer = await CallAsync("count=1000;pause=1", ""","stream":true,"max_completion_tokens":10""", "fake/scarce");

        var receipt = await ReceiptAsync(answer);
        Assert.That(JsonNode.Parse(answer.Events[^1])!["error"]!["code"]!.GetValue<string>(), Is.EqualTo("credit_exhausted"));
        Assert.That(JsonNode.Parse(answer.Events[^2])!["choices"]![0]!["finish_reason"]!.GetValue<string>(), Is.EqualTo("length"));
        Assert.That(receipt["usage"]!["outputTokens"]!.GetValue<long>(), Is.InRange(100, 250));
        Assert.That(receipt["cost"]!.GetValue<decimal>(), Is.LessThanOrEqualTo(0.0005m));
        Assert.That(await PostedAsync("wallet"), Is.EqualTo(0.0005m - receipt["cost"]!.GetValue<decimal>()).And.LessThan(0.00005m));
    }

    [Test]
    public async Task A_channel_that_drains_reads_on_for_a_client_who_has_gone()
    {
        await Gateway.CreateModelAsync("drained", "official");
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", "drained", "drained", ""","onDisconnect":"drain" """);
        var (id, body) = Request("count=50;pause=10", Streamed, "fake/drained");
        using (var client = await RawHttp.SendAsync(Gateway.Address, RawHttp.Post(Key, Encoding.UTF8.GetBytes(body), "X-Run-Id: drained\r\n")))
            await client.ReadAsync(1500);

        var receipt = await ReceiptOfRunAsync("drained");

        Assert.That((Upstream.Calls[id].Emitted, Upstream.Calls[id].WasCancelled), Is.EqualTo((50, false)));
        Assert.That(receipt["outcome"]!.GetValue<string>(), Is.EqualTo("client_closed"));
        Assert.That((receipt["usage"]!["outputTokens"]!.GetValue<long>(), receipt["usage"]!["countedBy"]!.GetValue<string>()), Is.EqualTo((50, "upstream")));
        Assert.That(receipt["cost"]!.GetValue<decimal>(), Is.LessThanOrEqualTo(receipt["hold"]!.GetValue<decimal>()));
    }

    [Test]
    public async Task A_timed_out_attempt_says_that_the_provider_may_have_charged()
    {
        await Gateway.CreateModelAsync("slow", "official");
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", "slow", "slow", ""","firstByteTimeoutMs":100""");

        var answer = await CallAsync("pause=1000", model: "fake/slow");

        var receipt = await ReceiptAsync(answer);
        Assert.That((answer.Status, answer.Code, receipt["cost"]!.GetValue<decimal>()), Is.EqualTo((504, "upstream_timeout", 0m)));
        Assert.That((receipt["attempts"]![0]!["error"]!.GetValue<string>(), receipt["attempts"]![0]!["upstreamMaybeCharged"]!.GetValue<bool>()), Is.EqualTo(("timeout", true)));
    }

    [Test]
    public async Task A_call_in_flight_outlives_its_key()
    {
        var made = await Gateway.PostAsync("/api/keys", """{"name":"revoked","kind":"inference"}""");
        using var call = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(Request("pause=500").Body, Encoding.UTF8, "application/json") };
        call.Headers.Authorization = new("Bearer", made["key"]!.GetValue<string>());
        var answering = Client.SendAsync(call);
        await Task.Delay(200);
        using var revoke = new HttpRequestMessage(HttpMethod.Delete, $"/api/keys/{made["id"]}");
        revoke.Headers.Authorization = new("Bearer", GatewayProcess.AdminKey);
        using var revoked = await Client.SendAsync(revoke);

        using var answer = await answering;

        Assert.That(((int)answer.StatusCode, revoked.IsSuccessStatusCode), Is.EqualTo((200, true)));
    }

    private async Task<JsonNode> ReceiptOfRunAsync(string run)
    {
        for (var tries = 0; tries < 100; tries++)
        {
            using var response = await Client.GetAsync(new Uri($"/v1/runs/{run}", UriKind.Relative));
            if (response.IsSuccessStatusCode)
                return JsonNode.Parse(await Client.GetStringAsync(new Uri($"/v1/receipts/{JsonNode.Parse(await response.Content.ReadAsStringAsync())!["receipts"]![0]}", UriKind.Relative)))!;
            await Task.Delay(50);
        }

        throw new TimeoutException($"No receipt of run {run}.");
    }
}
