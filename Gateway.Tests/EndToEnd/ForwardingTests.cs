using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>What goes upstream, and what of the provider's answer the client sees.</summary>
internal sealed class ForwardingTests : EndToEndFixture
{
    private const string Streamed = ""","stream":true""";
    private const string StreamedWithUsage = ""","stream":true,"stream_options":{"include_usage":true}""";

    [Test]
    public async Task A_body_that_needs_no_edit_reaches_upstream_byte_for_byte()
    {
        var body = "{ \"x_new\" : {\"a\":1.50e+1, \"b\":[ null,\t\"\\u00e9\\/é\" ]},\n\"model\":\"echo-1\",\"messages\":[{\"role\":\"user\",\"content\":\"fake:id=exact\"}], \"top_p\":0.10,\"provider\":{\"order\":[1]} }";

        var answer = await PostAsync(body);

        Assert.That(answer.Status, Is.EqualTo(200));
        Assert.That(Encoding.UTF8.GetString(Upstream.Calls["exact"].Body), Is.EqualTo(body));
        Assert.That(Upstream.Calls["exact"].Authorization, Is.EqualTo("Bearer sk-canary"));
    }

    [Test]
    public async Task Only_the_model_changes_when_the_client_names_the_provider_in_it()
    {
        var (id, body) = Request(members: ""","x_new" : [1.0,  2e0]""");

        await PostAsync(body);

        Assert.That(Encoding.UTF8.GetString(Upstream.Calls[id].Body), Is.EqualTo(body.Replace(Model, "echo-1", StringComparison.Ordinal)));
    }

    [Test]
    public async Task A_plain_answer_keeps_what_upstream_said_byte_for_byte_but_for_added_fields()
    {
        var answer = await CallAsync("count=2");

        Assert.That(answer.Text, Does.StartWith("""{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"echo-1-2026","x_upstream":{"kept":1.50},"choices":[{"index":0,"message":{"role":"assistant","content":"a a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":24,"completion_tokens":2,"total_tokens":26,"cost":"""));
        Assert.That(answer.Json["usageLogId"], Is.Null);
    }

    [Test]
    public async Task A_stream_asks_upstream_for_usage_and_hides_it_from_a_client_that_did_not_ask()
    {
        var (id, body) = Request("count=3", Streamed);

        var answer = await PostAsync(body);

        Assert.That(Upstream.Calls[id].Json["stream_options"]!["include_usage"]!.GetValue<bool>(), Is.True);
        Assert.That(answer.Text, Does.Not.Contain("usage").And.Not.Contain("\"choices\":[]"));
        Assert.That(answer.Events, Has.Count.EqualTo(6), "role, three words, the end, [DONE]");
        Assert.That(answer.Events[^1], Is.EqualTo("[DONE]"));
    }

    [Test]
    public async Task A_client_that_asks_for_usage_gets_it_in_an_extra_chunk_with_the_cost()
    {
        var answer = await CallAsync("count=3", StreamedWithUsage);

        var last = JsonNode.Parse(answer.Events[^2])!;
        Assert.That(answer.Events, Has.Count.EqualTo(7));
        Assert.That(answer.Events.Take(5), Has.All.Contain("\"usage\":null"));
        Assert.That(last["choices"]!.AsArray(), Is.Empty);
        Assert.That(last["usage"]!["cost"]!.GetValue<decimal>(), Is.EqualTo(0.000042m));
        Assert.That(last["usage"]!["cost_currency"]!.GetValue<string>(), Is.EqualTo("CREDIT"));
    }

    [Test]
    public async Task The_wallet_dialect_has_its_fields_and_provider_stays_here()
    {
        var (id, body) = Request("count=2", ""","provider":"fake" """, "echo-1");

        var answer = await PostAsync(body);

        var json = answer.Json;
        Assert.That(Upstream.Calls[id].Json.AsObject().ContainsKey("provider"), Is.False);
        Assert.That(json["content"]!.GetValue<string>(), Is.EqualTo("a a"));
        Assert.That(json.AsObject().ContainsKey("pack"), Is.True);
        Assert.That(json["pack"], Is.Null, "the credit bucket paid");
        Assert.That(json["usageLogId"]!.GetValue<string>(), Is.EqualTo(answer.Header("x-gateway-receipt")).And.StartWith("ul_"));
        Assert.That(json["usage"]!["totalTokens"]!.GetValue<long>(), Is.EqualTo(26));
        Assert.That(json["usage"]!["costCredits"]!.GetValue<decimal>(), Is.EqualTo(json["usage"]!["cost"]!.GetValue<decimal>()));
        Assert.That(json["choices"]![0]!["message"]!["content"]!.GetValue<string>(), Is.EqualTo("a a"));
    }

    [Test]
    public async Task The_last_chunk_of_a_stream_carries_the_wallet_fields()
    {
        var answer = await CallAsync("count=2", Streamed + ""","provider":"fake" """, "echo-1");

        var last = JsonNode.Parse(answer.Events[^2])!;
        Assert.That(last["usageLogId"]!.GetValue<string>(), Is.EqualTo(answer.Header("x-gateway-receipt")));
        Assert.That(last.AsObject().ContainsKey("pack"), Is.True);
    }

    [Test]
    public async Task Headers_explain_the_call()
    {
        var answer = await CallAsync();

        Assert.That(answer.Header("x-request-id"), Does.StartWith("req_"));
        Assert.That(answer.Header("x-gateway-receipt"), Does.StartWith("ul_"));
        Assert.That(answer.Header("x-gateway-model"), Is.EqualTo("echo-1"));
        Assert.That(answer.Header("x-gateway-attempts"), Is.EqualTo("1"));
        Assert.That(answer.Header("x-ratelimit-limit-requests"), Is.EqualTo("100000"));
        Assert.That(answer.Number("x-gateway-balance"), Is.GreaterThan(0));
    }

    [Test]
    public async Task Upstreams_own_400_passes_through_with_its_body()
    {
        var answer = await CallAsync("status=400");

        Assert.That((answer.Status, answer.Text), Is.EqualTo((400, Fakes.FakeUpstream.BadToolSchema)));
    }

    [TestCase("status=401", 502, "upstream_auth")]
    [TestCase("status=403", 502, "upstream_auth")]
    [TestCase("status=500", 502, "upstream_error")]
    [TestCase("status=302", 502, "upstream_error")]
    [TestCase("mode=html", 502, "upstream_error")]
    public async Task Upstreams_failure_is_a_gateway_error_that_names_no_secret(string script, int status, string code)
    {
        foreach (var members in (string[])["", Streamed])
        {
            var answer = await CallAsync(script, members);

            Assert.That((answer.Status, answer.Code), Is.EqualTo((status, code)), answer.Text);
            Assert.That(answer.Text, Does.Not.Contain("sk-canary").And.Not.Contain(Upstream.BaseUrl).And.Not.Contain("Invalid schema"));
            Assert.That(int.Parse(answer.Header("retry-after")), Is.Positive);
        }
    }

    [Test]
    public async Task An_empty_answer_is_a_gateway_error()
    {
        Assert.That((await CallAsync("mode=empty")).Code, Is.EqualTo("upstream_error"));
        Assert.That((await CallAsync("mode=empty", Streamed)).Code, Is.EqualTo("upstream_error"), "a stream that fails before it says anything is no stream yet");
    }

    [Test]
    public async Task Upstreams_rate_limit_is_passed_on_with_whole_seconds()
    {
        // A channel of its own: it is left alone for these seconds.
        await Gateway.CreateModelAsync("hurried", "official");
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", "hurried", "hurried");

        var answer = await CallAsync("status=429;retry=7", model: "fake/hurried");

        Assert.That((answer.Status, answer.Code), Is.EqualTo((429, "upstream_rate_limited")));
        Assert.That((answer.Header("retry-after"), answer.Header("retry-after-ms")), Is.EqualTo(("7", "7000")));
    }

    [Test]
    public async Task A_broken_stream_ends_with_an_error_event_and_charges_what_was_delivered()
    {
        var answer = await CallAsync("mode=break;count=4;pause=5", Streamed);

        var receipt = await ReceiptAsync(answer);
        Assert.That(JsonNode.Parse(answer.Events[^1])!["error"]!["code"]!.GetValue<string>(), Is.EqualTo("stream_interrupted"));
        Assert.That(answer.Text, Does.Not.Contain("[DONE]"));
        Assert.That(receipt["outcome"]!.GetValue<string>(), Is.EqualTo("interrupted"));
        Assert.That(receipt["usage"]!["outputTokens"]!.GetValue<long>(), Is.InRange(1, 4));
    }

    [Test]
    public async Task A_silent_stream_is_kept_alive_with_pings()
    {
        var answer = await CallAsync("mode=silent;count=1", Streamed);

        Assert.That(answer.Text.Split(": ping\n\n"), Has.Length.InRange(3, 6), "a second of silence, a ping every 200 ms");
        Assert.That(answer.Events[^1], Is.EqualTo("[DONE]"));
    }
}
