using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Tests.Fakes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>Which channel answers: health, order, hedging, both route types, deadlines, and what goes upstream with a call.</summary>
internal sealed class RoutingTests : EndToEndFixture
{
    private const string Streamed = ",\"stream\":true";
    private int nextModel;

    protected override (string Name, string Value)[] Settings => [("Gateway__FirstByteDeadline", "2s")];

    [Test]
    public async Task A_channel_that_dies_under_load_is_left_alone_and_comes_back_by_itself()
    {
        await using var dying = await FakeUpstream.StartAsync();
        var model = await ModelAsync();
        var primary = IdOf(await Gateway.CreateChannelAsync(dying.BaseUrl, "official", model, "first", ",\"breakMinimumCalls\":3,\"breakWindowMs\":2000,\"breakMs\":800"));
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", model, "second", ",\"priority\":1");
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var answers = new List<(DateTimeOffset At, Answer Answer)>();
        var load = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => LoadAsync(model, answers, stop.Token)));

        await Until(() => Count(answers, primary) >= 20);
        dying.IsDown = true;
        await Until(async () => await StateAsync(primary) is "open" or "half_open");
        var openedAt = TimeProvider.System.GetUtcNow();
        await Task.Delay(1500, stop.Token);
        dying.IsDown = false;
        await Until(async () => await StateAsync(primary) == "closed");
        var before = Count(answers, primary);
        await Until(() => Count(answers, primary) >= before + 20);
        await stop.CancelAsync();
        await load;

        List<(DateTimeOffset At, Answer Answer)> seen;
        lock (answers)
            seen = [.. answers];
        Assert.That(seen.Where(static answer => answer.Answer.Status != 200), Is.Empty, "no client sees an error while a sibling is healthy");
        var open = seen.Where(answer => answer.At > openedAt && answer.At < openedAt + TimeSpan.FromMilliseconds(700)).ToList();
        Assert.That(open, Is.Not.Empty);
        Assert.That(open.Count(static answer => answer.Answer.Header("x-gateway-attempts") != "1"), Is.LessThanOrEqualTo(4), "out of rotation: only calls that had begun still try it");
    }

    [Test]
    public async Task A_second_channel_answers_beside_a_slow_one([Values] bool streamed)
    {
        var model = await ModelAsync();
        var slow = IdOf(await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", model, "slow", ",\"hedgeAfterMs\":50"));
        var fast = IdOf(await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", model, "fast", ",\"priority\":1"));
        var before = await PostedAsync();

        var answer = await CallAsync($"{(streamed ? "mode=late;" : "")}pause=1500;only=slow;count=3", streamed ? Streamed : "", $"fake/{model}");

        var receipt = await ReceiptAsync(answer);
        Assert.That((answer.Status, answer.Header("x-gateway-channel"), answer.Header("x-gateway-attempts")), Is.EqualTo((200, fast, "2")), answer.Text);
        Assert.That(receipt["attempts"]!.AsArray().Select(static attempt => $"{attempt!["channel"]} {attempt["error"]} {attempt["charged"]}"),
            Is.EqualTo(new[] { $"{slow} hedged False", $"{fast}  True" }).IgnoreCase);
        Assert.That((receipt["channel"]!.GetValue<string>(), receipt["primaryChannel"]!.GetValue<string>(), receipt["fallbackUsed"]!.GetValue<bool>()), Is.EqualTo((fast, slow, true)));
        Assert.That(before - await PostedAsync(), Is.EqualTo(0.000042m), "the loser is the house's");
        Assert.That((await BucketAsync("credit"))["held"]!.GetValue<decimal>(), Is.Zero);
    }

    [Test]
    public async Task A_channel_that_answers_in_time_is_not_hedged()
    {
        var model = await ModelAsync();
        var first = IdOf(await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", model, "first", ",\"hedgeAfterMs\":5000"));
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", model, "second", ",\"priority\":1");

        var answer = await CallAsync("count=3", Streamed, $"fake/{model}");

        Assert.That((answer.Header("x-gateway-channel"), answer.Header("x-gateway-attempts")), Is.EqualTo((first, "1")));
    }

    [Test]
    public async Task The_first_of_two_that_fails_early_leaves_the_answer_to_the_second([Values] bool streamed)
    {
        var model = await ModelAsync();
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", model, "failing", ",\"hedgeAfterMs\":50");
        var second = IdOf(await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", model, "sound", ",\"priority\":1"));

        var answer = await CallAsync("status=500;only=failing;count=3", streamed ? Streamed : "", $"fake/{model}");

        Assert.That((answer.Status, answer.Header("x-gateway-channel")), Is.EqualTo((200, second)), answer.Text);
    }

    [Test]
    public async Task A_failing_official_route_is_followed_by_the_ordinary_one_at_its_price_and_from_its_purse()
    {
        var model = await TwoRoutesAsync();
        await Gateway.TopUpAsync("wallet", 1);

        var answer = await CallAsync("status=500;only=dear;count=3", model: $"fake/{model}");

        var receipt = await ReceiptAsync(answer);
        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        Assert.That((receipt["routeType"]!.GetValue<string>(), receipt["cost"]!.GetValue<decimal>(), receipt["paidBy"]![0]!["kind"]!.GetValue<string>()), Is.EqualTo(("ordinary", 0.000027m, "wallet")));
    }

    [Test]
    public async Task An_empty_purse_of_one_route_leaves_the_other()
    {
        var model = await TwoRoutesAsync();
        await Gateway.PostAsync("/api/top-ups", """{"bucket":"wallet","amount":1}""", "ws_two_purses");
        var key = (await Gateway.PostAsync("/api/keys", """{"name":"two","kind":"inference"}""", "ws_two_purses"))["key"]!.GetValue<string>();
        using var client = new HttpClient { BaseAddress = Gateway.Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);

        using var response = await client.PostAsync("/v1/chat/completions", new StringContent(Request("count=3", model: $"fake/{model}").Body, Encoding.UTF8, "application/json"));
        var answer = await Answer.ReadAsync(response);

        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        Assert.That(answer.Json["usage"]!["paid_by"]![0]!["kind"]!.GetValue<string>(), Is.EqualTo("wallet"));
        using var asked = await client.PostAsync("/v1/quotes", new StringContent(Request("count=3", ",\"max_tokens\":100", $"fake/{model}").Body, Encoding.UTF8, "application/json"));
        var quote = await Answer.ReadAsync(asked);
        Assert.That((quote.Json["covered"]!.GetValue<bool>(), quote.Json["paid_by"]![0]!["kind"]!.GetValue<string>()), Is.EqualTo((true, "wallet")), "a quote says what the call would do");
    }

    [Test]
    public async Task A_run_counts_its_attempts_and_fallbacks()
    {
        var model = await ModelAsync();
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", model, "failing");
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", model, "sound", ",\"priority\":1");

        await PostAsync(Request("status=500;only=failing;count=3", model: $"fake/{model}").Body, runId: "run-of-attempts");
        await PostAsync(Request("count=3", model: $"fake/{model}").Body, runId: "run-of-attempts");

        var run = JsonNode.Parse(await Client.GetStringAsync("/v1/runs/run-of-attempts"))!;
        Assert.That((run["calls"]!.GetValue<long>(), run["attempts"]!.GetValue<long>(), run["fallbacks"]!.GetValue<long>()), Is.EqualTo((2L, 3L, 1L)));
    }

    [Test]
    public async Task No_attempt_begins_behind_the_deadline()
    {
        var model = await ModelAsync();
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", model, "silent");
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", model, "second", ",\"priority\":1");

        var answer = await CallAsync("pause=8000", model: $"fake/{model}");

        Assert.That((answer.Status, answer.Code), Is.EqualTo((504, "upstream_timeout")));
        Assert.That((await ReceiptAsync(answer))["attempts"]!.AsArray(), Has.Count.EqualTo(1));
        Assert.That((await ReceiptAsync(answer))["latencyMs"]!.GetValue<double>(), Is.LessThan(6000));
    }

    [Test]
    public async Task The_turns_of_a_conversation_stay_on_one_channel()
    {
        var model = await ModelAsync();
        for (var i = 0; i < 4; i++)
            await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", model, $"twin-{i}");

        var channels = new HashSet<string>();
        var turns = "";
        for (var turn = 0; turn < 5; turn++)
        {
            turns += $$""",{"role":"user","content":"fake:count=2 turn {{turn}}"}""";
            var answer = await PostAsync($$"""{"model":"fake/{{model}}","messages":[{"role":"system","content":"{{new string('s', 5000)}}"}{{turns}}]}""");
            channels.Add(answer.Header("x-gateway-channel"));
        }

        Assert.That(channels, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task The_trace_goes_on_upstream_and_of_the_other_headers_only_those_that_are_meant_for_it()
    {
        var (id, body) = Request("count=1");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        request.Headers.Add("OpenAI-Beta", "assistants=v2");
        request.Headers.Add("X-Run-Id", "run-1");
        request.Headers.Add("X-Gateway-Tag", "a");
        request.Headers.Add("Cookie", "session=1");
        request.Headers.Add("X-Forwarded-For", "10.0.0.1");
        using var response = await Client.SendAsync(request);

        var sent = Upstream.Calls[id].Headers;
        Assert.That(sent["traceparent"], Does.StartWith("00-0af7651916cd43dd8448eb211c80319c-"));
        Assert.That(sent.Keys, Is.SubsetOf(new[] { "accept", "host", "user-agent", "authorization", "content-type", "content-length", "traceparent", "tracestate", "openai-beta" }));
        Assert.That((sent["openai-beta"], sent["authorization"]), Is.EqualTo(("assistants=v2", "Bearer sk-canary")));
    }

    [Test]
    public async Task A_stored_response_goes_on_where_it_was_made_and_for_its_workspace_alone()
    {
        var model = await ModelAsync();
        var maker = IdOf(await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", model, "maker"));
        var other = IdOf(await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", model, "other", ",\"priority\":1"));
        await Gateway.PostAsync("/api/top-ups", """{"bucket":"credit","amount":100}""", "ws_stranger");
        var stranger = (await Gateway.PostAsync("/api/keys", """{"name":"stranger","kind":"inference"}""", "ws_stranger"))["key"]!.GetValue<string>();

        var first = await RespondAsync(Key, $$"""{"model":"fake/{{model}}","input":"fake:count=3"}""");
        var id = first.Json["id"]!.GetValue<string>();
        await Gateway.PatchAsync($"/api/channels/{maker}", """{"priority":5}""");
        var fresh = await RespondAsync(Key, $$"""{"model":"fake/{{model}}","input":"fake:count=3","store":false}""");
        var next = await RespondAsync(Key, $$"""{"model":"fake/{{model}}","input":"fake:count=3","previous_response_id":"{{id}}","store":false}""");
        var streamed = await RespondAsync(Key, $$"""{"model":"fake/{{model}}","input":"fake:count=3","previous_response_id":"{{id}}","store":false,"stream":true}""");
        var theirs = await RespondAsync(stranger, $$"""{"model":"fake/{{model}}","input":"fake:count=3","previous_response_id":"{{id}}"}""");
        var unmetered = await RespondAsync(Key, $$"""{"model":"fake/{{model}}","input":"fake:count=3","background":true}""");

        Assert.That(new[] { first, fresh, next, streamed }.Select(static answer => (answer.Status, answer.Header("x-gateway-channel"))), Is.EqualTo(new[] { (200, maker), (200, other), (200, maker), (200, maker) }));
        Assert.That((theirs.Status, theirs.Code), Is.EqualTo((400, "previous_response_not_found")), "another tenant's id is like one that never was");
        Assert.That((unmetered.Status, unmetered.Code), Is.EqualTo((400, "invalid_background")));
        Assert.That((await ReceiptAsync(next))["endpoint"]!.GetValue<string>(), Is.EqualTo("/v1/responses"));
    }

    [Test]
    public async Task What_one_providers_API_has_no_word_for_another_channel_answers()
    {
        var model = await ModelAsync();
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", model, "speaks-anthropic", ",\"preset\":\"anthropic\"");

        var refused = await CallAsync("count=2", ",\"n\":2", $"fake/{model}");
        var second = IdOf(await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", model, "speaks-openai", ",\"priority\":1"));
        var answered = await CallAsync("count=2", ",\"n\":2", $"fake/{model}");

        Assert.That((refused.Status, refused.Code), Is.EqualTo((400, "invalid_n")));
        Assert.That((answered.Status, answered.Header("x-gateway-channel")), Is.EqualTo((200, second)), answered.Text);
        Assert.That((await ReceiptAsync(answered))["attempts"]![0]!["error"]!.GetValue<string>(), Is.EqualTo("untranslatable"));
    }

    [Test]
    public async Task A_transcription_is_repeated_under_its_idempotency_key_though_its_boundary_differs()
    {
        var model = $"whisper-{Interlocked.Increment(ref nextModel)}";
        await Gateway.PostAsync(
            "/api/models", $$"""{"provider":"fake","model":"{{model}}","kind":"transcription","prices":[{"routeType":"official","pricePerAudioSecond":0.0001}]}""");
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", model, model);
        var before = await PostedAsync();

        var first = await TranscribeAsync(model, "a", "one");
        var again = await TranscribeAsync(model, "b", "one");
        var another = await TranscribeAsync(model, "c", "two");

        Assert.That((first.Status, again.Status, again.Header("idempotent-replayed"), again.Text), Is.EqualTo((200, 200, "true", first.Text)), first.Text);
        Assert.That((another.Status, another.Code), Is.EqualTo((422, "idempotency_key_reused")));
        Assert.That(before - await PostedAsync(), Is.EqualTo((await ReceiptAsync(first))["cost"]!.GetValue<decimal>()).And.GreaterThan(0));
    }

    [Test]
    public async Task When_every_channel_is_left_alone_the_client_hears_how_long()
    {
        var model = await ModelAsync();
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", model, model);

        var limited = await CallAsync("status=429;retry=7", model: $"fake/{model}");
        var refused = await CallAsync("count=1", model: $"fake/{model}");

        Assert.That((limited.Status, limited.Header("retry-after")), Is.EqualTo((429, "7")));
        Assert.That((refused.Status, refused.Code, refused.Header("retry-after")), Is.EqualTo((503, "no_channel_available", "7")));
        Assert.That((await ReceiptAsync(refused))["cost"]!.GetValue<decimal>(), Is.Zero);
    }

    private async Task LoadAsync(string model, List<(DateTimeOffset At, Answer Answer)> answers, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var at = TimeProvider.System.GetUtcNow();
            var answer = await CallAsync("count=1", model: $"fake/{model}");
            lock (answers)
                answers.Add((at, answer));
            await Task.Delay(5, CancellationToken.None);
        }
    }

    private static int Count(List<(DateTimeOffset At, Answer Answer)> answers, string channel)
    {
        lock (answers)
            return answers.Count(answer => answer.Answer.Header("x-gateway-channel") == channel);
    }

    private async Task<Answer> TranscribeAsync(string model, string boundary, string prompt)
    {
        using var form = new MultipartFormDataContent(boundary)
        {
            { new StringContent($"fake/{model}"), "model" },
            { new StringContent(prompt), "prompt" },
            { new ByteArrayContent(new byte[32_000]), "file", "speech.mp3" },
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/audio/transcriptions") { Content = form };
        request.Headers.Add("Idempotency-Key", $"of-{model}");
        using var response = await Client.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    private async Task<Answer> RespondAsync(string key, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/responses") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var response = await Client.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    private async Task<string> StateAsync(string channel) => (await Gateway.GetAsync($"/api/channels/{channel}"))["health"]![0]!["state"]!.GetValue<string>();

    private static Task Until(Func<bool> holds) => Until(() => Task.FromResult(holds()));

    private static async Task Until(Func<Task<bool>> holds)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!await holds())
            await Task.Delay(20, deadline.Token);
    }

    private async Task<string> ModelAsync()
    {
        var model = $"routed-{Interlocked.Increment(ref nextModel)}";
        await Gateway.CreateModelAsync(model, "official");
        return model;
    }

    private async Task<string> TwoRoutesAsync()
    {
        var model = $"both-{Interlocked.Increment(ref nextModel)}";
        await Gateway.PostAsync(
            "/api/models",
            $$"""{"provider":"fake","model":"{{model}}","kind":"chat","maxOutputTokens":4096,"prices":[{"routeType":"official","inputPricePer1M":1.4,"outputPricePer1M":2.8},{"routeType":"ordinary","inputPricePer1M":1,"outputPricePer1M":1}]}""");
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", model, "dear");
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "ordinary", model, "cheap");
        return model;
    }

    private static string IdOf(JsonNode resource) => resource["id"]!.GetValue<string>();
}
