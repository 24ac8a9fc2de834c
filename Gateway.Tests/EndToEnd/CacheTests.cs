using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary><c>cache_enable</c> through the whole gateway: who gets whose answer, and what that costs.</summary>
internal sealed class CacheTests : EndToEndFixture
{
    private string cached = "";
    private string similar = "";

    [OneTimeSetUp]
    public async Task AddRule()
    {
        await Gateway.PostAsync("/api/proxy-rules", """{"type":"cache_enable","name":"faq","tag":"faq","config":{"ttlSeconds":600}}""");
        await Gateway.PostAsync("/api/proxy-rules", """{"type":"cache_enable","name":"near","tag":"near","config":{"ttlSeconds":600,"mode":"semantic"}}""");
        similar = await Gateway.CreateKeyAsync(""","tags":["near"]""");
        cached = await Gateway.CreateKeyAsync(""","tags":["faq"]""");
    }

    [Test]
    public async Task Two_keys_of_a_workspace_share_an_answer_and_another_workspace_does_not()
    {
        await Gateway.PostAsync("/api/proxy-rules", """{"type":"cache_enable","name":"theirs","tag":"faq","config":{"ttlSeconds":600}}""", workspace: "ws_theirs");
        await Gateway.PostAsync("/api/top-ups", """{"bucket":"credit","amount":10}""", workspace: "ws_theirs");
        var sibling = await Gateway.CreateKeyAsync(""","tags":["faq"]""");
        var theirs = (await Gateway.PostAsync("/api/keys", """{"name":"theirs","kind":"inference","tags":["faq"]}""", workspace: "ws_theirs"))["key"]!.GetValue<string>();
        var (id, body) = Request("count=3");

        var first = await AskAsync(cached, body);
        var second = await AskAsync(sibling, body);
        var other = await AskAsync(theirs, body);

        Assert.That((first.Status, second.Status, other.Status), Is.EqualTo((200, 200, 200)), other.Text);
        Assert.That((first.Header("x-gateway-cache"), second.Header("x-gateway-cache"), other.Header("x-gateway-cache")), Is.EqualTo(("miss", "hit", "miss")));
        Assert.That(Upstream.Calls[id].Times, Is.EqualTo(2));
    }

    [TestCase(",\"temperature\":0.5")]
    [TestCase(",\"seed\":7")]
    [TestCase(",\"max_tokens\":9")]
    [TestCase(",\"stop\":[\"x\"]")]
    [TestCase(",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]")]
    [TestCase(",\"response_format\":{\"type\":\"json_object\"}")]
    [TestCase(",\"field_of_tomorrow\":1")]
    [TestCase(",\"stream\":true")]
    [TestCase(",\"user\":\"u2\"")]
    public async Task A_request_that_differs_in_one_member_is_another(string member)
    {
        var (_, body) = Request("count=2");
        await AskAsync(cached, body);

        var other = await AskAsync(cached, string.Concat(body.AsSpan(0, body.Length - 1), member, "}"));

        Assert.That((other.Status, other.Header("x-gateway-cache")), Is.EqualTo((200, "miss")), other.Text);
    }

    [Test]
    public async Task Another_system_prompt_is_another_request()
    {
        var (_, body) = Request("count=2");
        await AskAsync(cached, body);

        var other = await AskAsync(cached, body.Replace("\"messages\":[", "\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},", StringComparison.Ordinal));

        Assert.That(other.Header("x-gateway-cache"), Is.EqualTo("miss"));
    }

    [Test]
    public async Task The_order_of_members_and_white_space_do_not_matter()
    {
        var (_, body) = Request("count=2", ",\"temperature\":0");
        await AskAsync(cached, body);
        var json = (JsonObject)JsonNode.Parse(body)!;
        var turned = new JsonObject(json.Reverse().Select(static pair => new KeyValuePair<string, JsonNode?>(pair.Key, pair.Value?.DeepClone())));

        var same = await AskAsync(cached, turned.ToJsonString(new() { WriteIndented = true }));

        Assert.That((same.Status, same.Header("x-gateway-cache")), Is.EqualTo((200, "hit")), same.Text);
    }

    [Test]
    public async Task A_hit_costs_nothing_takes_no_credit_and_says_what_it_saved([Values] bool streamed)
    {
        var (_, body) = Request("count=5", streamed ? ",\"stream\":true,\"stream_options\":{\"include_usage\":true}" : "");
        var paid = await AskAsync(cached, body);
        var before = await PostedAsync();

        var free = await AskAsync(cached, body);

        var receipt = await Gateway.GetAsync($"/api/receipts/{free.Header("x-gateway-receipt")}");
        var effect = receipt["rules"]![0]!["effect"]!;
        Assert.That(await PostedAsync(), Is.EqualTo(before));
        Assert.That((await BucketAsync("credit"))["held"]!.GetValue<decimal>(), Is.Zero);
        Assert.That(receipt["outcome"]!.GetValue<string>(), Is.EqualTo("cached"));
        Assert.That(receipt["usage"]!["countedBy"]!.GetValue<string>(), Is.EqualTo("none"));
        Assert.That((effect["saved"]!["inputTokens"]!.GetValue<long>(), effect["saved"]!["outputTokens"]!.GetValue<long>()), Is.EqualTo((24L, 5L)));
        var usage = streamed ? JsonNode.Parse(free.Events[^2])!["usage"]! : free.Json["usage"]!;
        Assert.That((usage["completion_tokens"]!.GetValue<long>(), usage["cost"]!.GetValue<decimal>()), Is.EqualTo((5L, 0m)), "the client sees what the answer had, and that it was free");
        if (!streamed)
            Assert.That((free.Number("x-gateway-cost"), free.Header("x-gateway-attempts")), Is.EqualTo((0m, "0")));
        else
            Assert.That(free.Events[^1], Is.EqualTo("[DONE]"));
        Assert.That(paid.Status, Is.EqualTo(200));
    }

    [Test]
    public async Task A_hit_counts_against_the_request_rate()
    {
        var key = (await Gateway.PostAsync("/api/keys", """{"name":"slow","kind":"inference","tags":["faq"],"rateLimit":{"burst":3,"refillPerSecond":0.01}}"""))["key"]!.GetValue<string>();
        var (_, body) = Request("count=2");

        var answers = new List<Answer>();
        for (var n = 0; n < 4; n++)
            answers.Add(await AskAsync(key, body));

        Assert.That(answers.Select(static answer => answer.Status), Is.EqualTo(new[] { 200, 200, 200, 429 }));
        Assert.That(answers.Take(3).Select(static answer => answer.Header("x-gateway-cache")), Is.EqualTo(new[] { "miss", "hit", "hit" }));
        Assert.That(answers.Take(3).Select(static answer => answer.Header("x-ratelimit-remaining-requests")), Is.EqualTo(new[] { "2", "1", "0" }), "a miss is counted once");
    }

    [Test]
    public async Task A_miss_that_the_balance_does_not_cover_is_refused_and_its_receipt_says_so()
    {
        var key = await Gateway.CreateKeyAsync(""","tags":["faq"],"budget":{"amount":0.0001,"period":"total"}""");

        var refused = await AskAsync(key, Request("count=2", ",\"max_tokens\":4000").Body);

        var receipt = await Gateway.GetAsync($"/api/receipts/{refused.Header("x-gateway-receipt")}");
        Assert.That((refused.Status, refused.Code), Is.EqualTo((402, "key_budget_exceeded")));
        Assert.That((receipt["outcome"]!.GetValue<string>(), receipt["cost"]!.GetValue<decimal>()), Is.EqualTo(("rejected", 0m)));
    }

    [Test]
    public async Task Equal_calls_at_one_time_are_one_call_upstream()
    {
        var (id, body) = Request("count=3;pause=300");

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => AskAsync(cached, body)));

        Assert.That(answers.Select(static answer => answer.Status), Has.All.EqualTo(200));
        Assert.That(Upstream.Calls[id].Times, Is.EqualTo(1));
        Assert.That(answers.Count(static answer => answer.Header("x-gateway-cache") == "hit"), Is.EqualTo(19));
    }

    [Test]
    public async Task Followers_of_a_call_that_fails_go_on_for_themselves()
    {
        var (id, body) = Request("status=500;pause=50");

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => AskAsync(cached, body)));

        Assert.That(answers.Select(static answer => answer.Status), Has.All.EqualTo(502));
        Assert.That(Upstream.Calls[id].Times, Is.GreaterThanOrEqualTo(2));
        Assert.That((await BucketAsync("credit"))["held"]!.GetValue<decimal>(), Is.Zero);
    }

    [Test]
    public async Task No_cache_gets_a_new_answer_and_no_store_is_not_kept()
    {
        var (id, body) = Request("count=2");

        var unkept = await AskAsync(cached, body, "no-store");
        var first = await AskAsync(cached, body);
        var anew = await AskAsync(cached, body, "no-cache");
        var again = await AskAsync(cached, body);

        Assert.That(
            (string[])[unkept.Header("x-gateway-cache"), first.Header("x-gateway-cache"), anew.Header("x-gateway-cache"), again.Header("x-gateway-cache")],
            Is.EqualTo(new[] { "bypass", "miss", "bypass", "hit" }));
        Assert.That(Upstream.Calls[id].Times, Is.EqualTo(3));
    }

    [TestCase("mode=tools")]
    [TestCase("status=400")]
    [TestCase("mode=empty")]
    public async Task What_is_no_plain_complete_answer_is_not_kept(string script)
    {
        var (_, body) = Request(script);

        var first = await AskAsync(cached, body);
        var second = await AskAsync(cached, body);

        Assert.That((first.Header("x-gateway-cache"), second.Header("x-gateway-cache")), Is.EqualTo(("miss", "miss")));
    }

    [Test]
    public async Task A_broken_stream_is_not_kept()
    {
        var (_, body) = Request("mode=break;count=3", ",\"stream\":true");

        await AskAsync(cached, body);
        var second = await AskAsync(cached, body);

        Assert.That(second.Header("x-gateway-cache"), Is.EqualTo("miss"));
    }

    [Test]
    public async Task Another_spelling_is_a_near_duplicate_and_another_number_is_not()
    {
        var (id, body) = Request("count=2", ""","temperature":0""");
        await AskAsync(similar, body);

        var same = await AskAsync(similar, body.Replace("\"fake:", "\"please, fake:"));
        var other = await AskAsync(similar, body.Replace("count=2", "count=3"));

        Assert.That(same.Header("x-gateway-cache"), Is.EqualTo("hit-near-duplicate"));
        Assert.That(other.Header("x-gateway-cache"), Is.EqualTo("miss"));
        Assert.That(Upstream.Calls[id].Times, Is.EqualTo(2));
    }

    [Test]
    public async Task A_hit_is_whole_when_the_balance_would_not_pay_for_it([Values] bool streamed)
    {
        var workspace = streamed ? "ws_poor_streams" : "ws_poor";
        await Gateway.PostAsync("/api/proxy-rules", """{"type":"cache_enable","name":"poor","config":{"ttlSeconds":600}}""", workspace);
        await Gateway.PostAsync("/api/top-ups", """{"bucket":"credit","amount":0.00025}""", workspace);
        var poor = (await Gateway.PostAsync("/api/keys", """{"name":"poor","kind":"inference"}""", workspace))["key"]!.GetValue<string>();
        var (_, body) = Request("count=50", streamed ? ",\"max_tokens\":60,\"stream\":true" : ",\"max_tokens\":60");
        var paid = await AskAsync(poor, body);

        var hit = await AskAsync(poor, body);

        Assert.That((paid.Status, hit.Status, hit.Header("x-gateway-cache")), Is.EqualTo((200, 200, "hit")), paid.Text + hit.Text);
        Assert.That(hit.Text, Does.Not.Contain("credit_exhausted"));
        if (streamed)
            Assert.That(hit.Events.Count(static e => e.Contains("\"content\":\" a\"", StringComparison.Ordinal)), Is.EqualTo(49));
    }

    [Test]
    public async Task An_answer_that_a_user_finds_bad_is_not_given_again()
    {
        var (_, body) = Request("count=2");
        await AskAsync(cached, body);
        var hit = await AskAsync(cached, body);
        await Gateway.PostAsync("/api/evals", $$"""{"receiptId":"{{hit.Header("x-gateway-receipt")}}","source":"user","thumbsUp":false}""");

        var after = await AskAsync(cached, body);

        Assert.That((hit.Header("x-gateway-cache"), after.Header("x-gateway-cache")), Is.EqualTo(("hit", "miss")));
    }

    [Test]
    public async Task The_wallet_dialect_gets_its_fields_on_a_hit()
    {
        var body = Request("count=2").Body.Replace("\"model\":\"fake/echo-1\"", "\"provider\":\"fake\",\"model\":\"echo-1\"", StringComparison.Ordinal);
        await AskAsync(cached, body);

        var hit = await AskAsync(cached, body);

        Assert.That(hit.Header("x-gateway-cache"), Is.EqualTo("hit"));
        Assert.That((hit.Json["content"]!.GetValue<string>(), hit.Json["usage"]!["costCredits"]!.GetValue<decimal>()), Is.EqualTo(("a a", 0m)));
        Assert.That(hit.Json["usageLogId"]!.GetValue<string>(), Is.EqualTo(hit.Header("x-gateway-receipt")));
    }

    [Test]
    public async Task A_client_that_hangs_up_on_a_replay_costs_nothing_and_holds_nothing()
    {
        var (_, body) = Request("count=400", ",\"stream\":true");
        await AskAsync(cached, body);
        using (var raw = await RawHttp.SendAsync(Gateway.Address, RawHttp.Post(cached, Encoding.UTF8.GetBytes(body), "Connection: close\r\n")))
            await raw.ReadAsync(600);
        await Task.Delay(300);

        Assert.That((await BucketAsync("credit"))["held"]!.GetValue<decimal>(), Is.Zero);
    }

    private async Task<Answer> AskAsync(string key, string body, string? cacheControl = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new("Bearer", key);
        if (cacheControl is not null)
            request.Headers.TryAddWithoutValidation("Cache-Control", cacheControl);
        using var response = await Client.SendAsync(request);
        return await Answer.ReadAsync(response);
    }
}
