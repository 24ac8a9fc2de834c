using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>The cache_enable rule from the client's side: headers, price, receipt, and how often the provider is called.</summary>
internal sealed class CacheTests : EndToEndFixture
{
    private string exactKey = "";
    private string semanticKey = "";

    [OneTimeSetUp]
    public async Task CreateRules()
    {
        await Gateway.PostAsync("/api/proxy-rules", """{"type":"cache_enable","name":"exact","tag":"exact","config":{"ttlSeconds":600}}""");
        await Gateway.PostAsync("/api/proxy-rules", """{"type":"cache_enable","name":"near","tag":"near","config":{"ttlSeconds":600,"mode":"semantic"}}""");
        exactKey = await Gateway.CreateKeyAsync(""","tags":["exact"]""");
        semanticKey = await Gateway.CreateKeyAsync(""","tags":["near"]""");
    }

    [Test]
    public async Task The_second_of_two_equal_calls_is_a_hit_that_costs_nothing([Values] bool streamed)
    {
        var (id, body) = Request("count=5", streamed ? ""","stream":true""" : "");
        var first = await AskAsync(body, exactKey);
        var posted = await PostedAsync();

        var second = await AskAsync(body, exactKey);

        Assert.That((first.Status, first.Header("x-gateway-cache")), Is.EqualTo((200, "miss")));
        Assert.That((second.Status, second.Header("x-gateway-cache"), second.Header("x-gateway-attempts")), Is.EqualTo((200, "hit", "0")));
        Assert.That(Content(second, streamed), Is.EqualTo(Content(first, streamed)).And.EqualTo("a a a a a"));
        Assert.That(Upstream.Calls[id].Times, Is.EqualTo(1));
        Assert.That(await PostedAsync(), Is.EqualTo(posted));
        var receipt = await Gateway.GetAsync($"/api/receipts/{second.Header("x-gateway-receipt")}");
        Assert.That((receipt["outcome"]!.GetValue<string>(), receipt["cost"]!.GetValue<decimal>()), Is.EqualTo(("cached", 0m)));
        var effect = receipt["rules"]![0]!["effect"]!;
        Assert.That(effect["status"]!.GetValue<string>(), Is.EqualTo("hit"));
        Assert.That(effect["saved"]!.ToJsonString(), Is.EqualTo("""{"inputTokens":24,"outputTokens":5}"""));
    }

    [Test]
    public async Task A_streamed_answer_is_not_given_to_who_wants_none()
    {
        var (id, body) = Request("count=2");
        await AskAsync(body, exactKey);

        var streamed = await AskAsync(body.Replace("}]}", "}],\"stream\":true}"), exactKey);

        Assert.That(streamed.Header("x-gateway-cache"), Is.EqualTo("miss"));
        Assert.That(streamed.Events, Is.Not.Empty);
        Assert.That(Upstream.Calls[id].Times, Is.EqualTo(2));
    }

    [Test]
    public async Task Without_a_rule_nothing_is_cached()
    {
        var (id, body) = Request("count=2");
        await AskAsync(body, Key);

        Assert.That((await AskAsync(body, Key)).Header("x-gateway-cache"), Is.EqualTo("bypass"));
        Assert.That(Upstream.Calls[id].Times, Is.EqualTo(2));
    }

    [Test]
    public async Task Another_spelling_is_a_near_duplicate_and_another_number_is_not()
    {
        var (id, body) = Request("count=2", ""","temperature":0""");
        await AskAsync(body, semanticKey);

        var same = await AskAsync(body.Replace("\"fake:", "\"please, fake:"), semanticKey);
        var other = await AskAsync(body.Replace("count=2", "count=3"), semanticKey);

        Assert.That(same.Header("x-gateway-cache"), Is.EqualTo("hit-near-duplicate"));
        Assert.That(other.Header("x-gateway-cache"), Is.EqualTo("miss"));
        Assert.That(Upstream.Calls[id].Times, Is.EqualTo(2));
    }

    [Test]
    public async Task Tool_calls_are_made_again()
    {
        var (id, body) = Request("mode=tools");
        await AskAsync(body, exactKey);

        Assert.That((await AskAsync(body, exactKey)).Header("x-gateway-cache"), Is.EqualTo("miss"));
        Assert.That(Upstream.Calls[id].Times, Is.EqualTo(2));
    }

    [Test]
    public async Task An_error_is_not_remembered()
    {
        var (_, body) = Request("status=400");

        Assert.That((await AskAsync(body, exactKey)).Status, Is.EqualTo(400));
        Assert.That((await AskAsync(body, exactKey)).Header("x-gateway-cache"), Is.EqualTo("miss"));
    }

    [Test]
    public async Task Equal_calls_at_one_time_reach_the_provider_once()
    {
        var (id, body) = Request("count=2;pause=300");

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => AskAsync(body, exactKey)));

        Assert.That(answers.Select(static answer => answer.Status), Is.All.EqualTo(200));
        Assert.That(answers.Count(static answer => answer.Header("x-gateway-cache") == "hit"), Is.EqualTo(11));
        Assert.That(Upstream.Calls[id].Times, Is.EqualTo(1));
    }

    [Test]
    public async Task No_cache_gets_a_new_answer_and_no_store_leaves_none()
    {
        var (id, body) = Request("count=2");
        await AskAsync(body, exactKey, "no-store");
        await AskAsync(body, exactKey);

        var fresh = await AskAsync(body, exactKey, "no-cache");

        Assert.That(fresh.Header("x-gateway-cache"), Is.EqualTo("bypass"));
        Assert.That(Upstream.Calls[id].Times, Is.EqualTo(3));
        Assert.That((await AskAsync(body, exactKey)).Header("x-gateway-cache"), Is.EqualTo("hit"));
    }

    private async Task<Answer> AskAsync(string body, string key, string? cacheControl = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (cacheControl is not null)
            request.Headers.CacheControl = CacheControlHeaderValue.Parse(cacheControl);
        using var response = await Client.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    private static string Content(Answer answer, bool streamed) => streamed
        ? string.Concat(answer.Events.Where(static data => data != "[DONE]").Select(static data => JsonNode.Parse(data)!["choices"]!.AsArray())
            .Where(static choices => choices.Count > 0).Select(static choices => choices[0]!["delta"]?["content"]?.GetValue<string>()))
        : answer.Json["choices"]![0]!["message"]!["content"]!.GetValue<string>();
}
