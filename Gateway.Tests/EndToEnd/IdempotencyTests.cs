using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary><c>Idempotency-Key</c>, and the answers that wait for a client who has gone.</summary>
internal sealed class IdempotencyTests : EndToEndFixture
{
    private const string Streamed = ""","stream":true""";
    private const decimal FullCost = 0.0002744m;

    [TestCase("")]
    [TestCase(Streamed)]
    [TestCase(""","stream":true,"stream_options":{"include_usage":true}""")]
    public async Task A_repeated_call_gets_the_first_answer_byte_for_byte_and_free(string members)
    {
        var before = await PostedAsync();
        var (id, body) = Request("count=86", members);
        var first = await KeyedAsync($"same-{id}", body);
        var receipt = await ReceiptAsync(first);

        var again = await KeyedAsync($"same-{id}", body);

        Assert.That((again.Status, again.Text), Is.EqualTo((200, first.Text)));
        Assert.That(again.Header("content-type"), Is.EqualTo(first.Header("content-type")));
        Assert.That((first.Header("idempotent-replayed"), again.Header("idempotent-replayed")), Is.EqualTo(("", "true")));
        Assert.That(again.Header("x-gateway-receipt"), Is.EqualTo(first.Header("x-gateway-receipt")));
        Assert.That(receipt["cost"]!.GetValue<decimal>(), Is.EqualTo(FullCost));
        Assert.That(await PostedAsync(), Is.EqualTo(before - FullCost));
    }

    [TestCase("")]
    [TestCase(Streamed)]
    public async Task Fifty_parallel_calls_with_one_key_reach_the_provider_once_and_are_charged_once(string members)
    {
        var before = await PostedAsync();
        var bodies = Upstream.Calls.Count;
        var (id, body) = Request("count=86;pause=5", members);

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => KeyedAsync($"race-{id}", body)));

        var served = answers.Where(static answer => answer.Status == 200).ToList();
        Assert.That(Upstream.Calls[id].Times, Is.EqualTo(1));
        Assert.That(Upstream.Calls, Has.Count.EqualTo(bodies + 1));
        Assert.That(served.Count(static answer => answer.Header("idempotent-replayed").Length == 0), Is.EqualTo(1));
        Assert.That(served.Select(static answer => answer.Text).Distinct().Count(), Is.EqualTo(1));
        Assert.That(answers.Except(served).Select(static answer => (answer.Status, answer.Code, answer.Header("retry-after"))).Distinct(), Is.SubsetOf(new[] { (409, "idempotency_in_progress", "1") }));
        Assert.That(await PostedAsync(), Is.EqualTo(before - FullCost));
    }

    [Test]
    public async Task A_key_with_another_body_is_refused()
    {
        await KeyedAsync("reused", Request().Body);

        var other = await KeyedAsync("reused", Request().Body);

        Assert.That((other.Status, other.Code, other.Header("x-should-retry")), Is.EqualTo((422, "idempotency_key_reused", "false")));
    }

    [TestCase("status=500", "", 502)]
    [TestCase("status=400", "", 400)]
    [TestCase("mode=break;count=2", Streamed, 200)]
    [TestCase("mode=html", Streamed, 502)]
    public async Task A_call_that_failed_leaves_its_key_free(string script, string members, int status)
    {
        var (id, body) = Request(script, members);

        var first = await KeyedAsync($"failed-{id}", body);
        var again = await KeyedAsync($"failed-{id}", body);

        Assert.That((first.Status, again.Status), Is.EqualTo((status, status)));
        Assert.That(Upstream.Calls[id].Times, Is.EqualTo(2));
        Assert.That(again.Header("x-gateway-receipt"), Is.Not.EqualTo(first.Header("x-gateway-receipt")));
    }

    [Test]
    public async Task A_call_that_was_refused_before_the_hold_leaves_its_key_free()
    {
        await KeyedAsync("unknown", Request(model: "fake/none").Body);

        Assert.That((await KeyedAsync("unknown", Request().Body)).Status, Is.EqualTo(200));
    }

    [TestCase(255, 200)]
    [TestCase(256, 400)]
    [TestCase(0, 400)]
    public async Task A_key_has_1_to_255_characters(int length, int status)
    {
        var answer = await KeyedAsync(new string('k', length), Request().Body);

        Assert.That(answer.Status, Is.EqualTo(status));
        if (status == 400)
            Assert.That(answer.Code, Is.EqualTo("invalid_idempotency_key"));
    }

    [Test]
    public async Task A_key_with_a_tab_is_refused()
    {
        using var client = await RawHttp.SendAsync(Gateway.Address, RawHttp.Post(Key, Encoding.UTF8.GetBytes(Request().Body), "Idempotency-Key: a\tb\r\n"));

        var (status, body) = await client.AnswerAsync();

        Assert.That((status, body!["error"]!["code"]!.GetValue<string>()), Is.EqualTo((400, "invalid_idempotency_key")));
    }

    [Test]
    public async Task A_stream_too_long_to_keep_is_not_made_twice()
    {
        var (id, body) = Request("count=7000;in=10", Streamed);
        var first = await KeyedAsync("long", body);
        Assert.That(first.Text, Has.Length.GreaterThan(1024 * 1024).And.EndsWith("data: [DONE]\n\n"));

        var again = await KeyedAsync("long", body);

        Assert.That((again.Status, again.Code), Is.EqualTo((409, "idempotency_answer_not_kept")));
        Assert.That(again.Text, Does.Contain($"/v1/receipts/{first.Header("x-gateway-receipt")}"));
        Assert.That(Upstream.Calls[id].Times, Is.EqualTo(1));
    }

    [Test]
    public async Task Who_hung_up_gets_the_answer_by_the_key_and_pays_once()
    {
        var before = await PostedAsync();
        var (id, body) = Request("pause=300");
        using (await RawHttp.SendAsync(Gateway.Address, RawHttp.Post(Key, Encoding.UTF8.GetBytes(body), "Idempotency-Key: gone\r\n")))
            await Task.Delay(100);

        var answer = await UntilAsync(() => KeyedAsync("gone", body), static answer => answer.Status != 409);

        Assert.That((answer.Status, answer.Header("idempotent-replayed")), Is.EqualTo((200, "true")));
        Assert.That(answer.Json["choices"]![0]!["message"]!["content"]!.GetValue<string>(), Does.StartWith("a a"));
        Assert.That((await ReceiptAsync(answer))["outcome"]!.GetValue<string>(), Is.EqualTo("client_closed"));
        Assert.That(Upstream.Calls[id].Times, Is.EqualTo(1));
        Assert.That(await PostedAsync(), Is.EqualTo(before - FullCost));
    }

    [Test]
    public async Task Who_hung_up_without_a_key_gets_the_answer_by_its_receipt_and_nobody_else_does()
    {
        var (id, body) = Request("pause=300");
        using (await RawHttp.SendAsync(Gateway.Address, RawHttp.Post(Key, Encoding.UTF8.GetBytes(body), $"X-Run-Id: {id}-gone\r\n")))
            await Task.Delay(100);
        var receipt = await UntilAsync(() => ReceiptOfRunAsync($"{id}-gone"), static receipt => receipt is not null);

        var answer = await UntilAsync(() => GetAsync($"/v1/receipts/{receipt}/answer"), static answer => answer.Status != 404);
        var others = await GetAsync($"/v1/receipts/{receipt}/answer", await Gateway.CreateKeyAsync());

        Assert.That(answer.Json["usage"]!["cost"]!.GetValue<decimal>(), Is.EqualTo(FullCost));
        Assert.That((others.Status, others.Code), Is.EqualTo((404, "not_found")));
    }

    [Test]
    public async Task An_answer_that_arrived_is_not_kept()
    {
        var answer = await CallAsync();

        Assert.That((await GetAsync($"/v1/receipts/{answer.Header("x-gateway-receipt")}/answer")).Status, Is.EqualTo(404));
    }

    [Test]
    public async Task An_SDK_that_timed_out_gets_the_undelivered_answer_at_its_own_retry()
    {
        var before = await PostedAsync();
        var (id, body) = Request("pause=200");
        using (await RawHttp.SendAsync(Gateway.Address, RawHttp.Post(Key, Encoding.UTF8.GetBytes(body), $"X-Run-Id: {id}-sdk\r\n")))
            await Task.Delay(100);
        await UntilAsync(() => ReceiptOfRunAsync($"{id}-sdk"), static receipt => receipt is not null);

        var retry = await SendAsync(body, ("X-Stainless-Retry-Count", "1"));
        var fresh = await SendAsync(body, ("X-Stainless-Retry-Count", "0"));

        Assert.That((retry.Status, retry.Header("idempotent-replayed")), Is.EqualTo((200, "true")));
        Assert.That(fresh.Header("idempotent-replayed"), Is.Empty);
        Assert.That(await PostedAsync(), Is.EqualTo(before - FullCost - FullCost));
    }

    [Test]
    public async Task While_the_book_is_away_a_call_with_a_key_is_refused_and_others_are_served()
    {
        await using var book = new SqliteConnection($"Data Source={Path.Combine(Gateway.Folder, "data", "gateway.db")};Pooling=False");
        await book.OpenAsync();
        await using var locked = book.BeginTransaction(deferred: false);

        var others = await CallAsync();
        var keyed = await KeyedAsync("away", Request().Body);
        await locked.RollbackAsync();

        Assert.That(others.Status, Is.EqualTo(200));
        Assert.That((keyed.Status, keyed.Code), Is.EqualTo((503, "ledger_unavailable")));
        Assert.That((await KeyedAsync("away", Request().Body)).Status, Is.EqualTo(200));
    }

    private static async Task<T> UntilAsync<T>(Func<Task<T>> ask, Func<T, bool> isIt)
    {
        var answer = await ask();
        for (var tries = 0; tries < 100 && !isIt(answer); tries++)
        {
            await Task.Delay(50);
            answer = await ask();
        }

        Assert.That(isIt(answer), "in five seconds");
        return answer;
    }

    private Task<Answer> KeyedAsync(string key, string body) => SendAsync(body, ("Idempotency-Key", key));

    private async Task<Answer> SendAsync(string body, (string Name, string Value) header)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation(header.Name, header.Value);
        using var response = await Client.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    private async Task<Answer> GetAsync(string path, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new("Bearer", key ?? Key);
        using var response = await Client.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    private async Task<string?> ReceiptOfRunAsync(string run)
    {
        using var response = await Client.GetAsync(new Uri($"/v1/runs/{run}", UriKind.Relative));
        return response.IsSuccessStatusCode ? JsonNode.Parse(await response.Content.ReadAsStringAsync())!["receipts"]![0]!.GetValue<string>() : null;
    }
}
