using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary><c>POST /v1/quotes</c>.</summary>
internal sealed class QuoteTests : EndToEndFixture
{
    [Test]
    public async Task A_quote_of_a_body_is_what_its_call_holds()
    {
        var (id, body) = Request("count=10", ""","max_completion_tokens":100""");
        var quote = (await QuoteAsync(body)).Json;

        var receipt = await ReceiptAsync(await PostAsync(body));

        Assert.That(quote["worst_case_cost"]!.GetValue<decimal>(), Is.EqualTo(receipt["hold"]!.GetValue<decimal>()).And.GreaterThan(0));
        Assert.That((quote["currency"]!.GetValue<string>(), quote["covered"]!.GetValue<bool>()), Is.EqualTo(("CREDIT", true)));
        Assert.That(quote["paid_by"]![0]!["kind"]!.GetValue<string>(), Is.EqualTo("credit"));
        Assert.That(quote["paid_by"]![0]!["amount"]!.GetValue<decimal>(), Is.EqualTo(quote["worst_case_cost"]!.GetValue<decimal>()));
        Assert.That(quote["items"]![0]!["max_output_tokens"]!.GetValue<long>(), Is.EqualTo(100));
        Assert.That(Upstream.Calls[id].Times, Is.EqualTo(1), "the quote itself calls nobody");
    }

    [Test]
    public async Task A_quote_holds_and_costs_nothing()
    {
        var before = (await BucketAsync("credit")).ToJsonString();

        await QuoteAsync(Request().Body);

        Assert.That((await BucketAsync("credit")).ToJsonString(), Is.EqualTo(before));
    }

    [Test]
    public async Task What_a_key_expects_follows_its_recent_calls()
    {
        var key = await Gateway.CreateKeyAsync();
        var (_, body) = Request("count=50", ""","max_completion_tokens":100""");
        var first = (await QuoteAsync(body, key)).Json;
        using (var call = await RawHttp.SendAsync(Gateway.Address, RawHttp.Post(key, Encoding.UTF8.GetBytes(body), "Connection: close\r\n")))
            await call.ReadAsync(int.MaxValue);

        var second = (await QuoteAsync(body, key)).Json;

        Assert.That(first["basis"]!.GetValue<string>(), Is.EqualTo("assumed_quarter_of_output_limit"));
        Assert.That(second["basis"]!.GetValue<string>(), Is.EqualTo("recent_calls"));
        Assert.That(second["expected_cost"]!.GetValue<decimal>(), Is.EqualTo(0.0001736m).Within(0.000001m), "24 in, 50 out");
    }

    [Test]
    public async Task An_estimate_multiplies_its_calls()
    {
        var quote = (await QuoteAsync($$"""{"estimated_calls":1000,"model":"{{Model}}","input_tokens":1000,"output_tokens":500}""")).Json;

        Assert.That(quote["worst_case_cost"]!.GetValue<decimal>(), Is.EqualTo(2.8m));
        Assert.That((quote["expected_cost"]!.GetValue<decimal>(), quote["basis"]!.GetValue<string>()), Is.EqualTo((2.8m, "stated_tokens")));
        Assert.That(quote["items"]![0]!["calls"]!.GetValue<long>(), Is.EqualTo(1000));
    }

    [Test]
    public async Task A_list_draws_on_one_balance_item_after_item()
    {
        await Gateway.TopUpAsync("wallet", 1);
        const string item = """{"estimated_calls":500,"model":"fake/scarce","input_tokens":0,"output_tokens":500}""";

        var quote = (await QuoteAsync($"[{item},{item}]")).Json;

        Assert.That(quote["worst_case_cost"]!.GetValue<decimal>(), Is.EqualTo(1.4m));
        Assert.That(quote["covered"]!.GetValue<bool>(), Is.False);
        Assert.That(quote["items"]!.AsArray().Select(static item => item!["covered"]!.GetValue<bool>()), Is.EqualTo(new[] { true, false }));
        Assert.That(quote["paid_by"]![0]!["amount"]!.GetValue<decimal>(), Is.EqualTo(1));
        Assert.That(quote["affordable_max_tokens"]!.GetValue<long>(), Is.EqualTo(214), "0.3 for 500 calls at 2.8 a million");
    }

    [TestCase("""{"model":"fake/none","messages":[{"role":"user","content":"x"}]}""", 400, "unknown_model")]
    [TestCase("""{"estimated_calls":0,"model":"fake/echo-1"}""", 400, "invalid_estimated_calls")]
    [TestCase("""{"estimated_calls":1,"model":"fake/echo-1","output_tokens":-1}""", 400, "invalid_output_tokens")]
    [TestCase("""{"estimated_calls":1,"model":"fake/echo-1","input_tokens":1.5}""", 400, "invalid_input_tokens")]
    [TestCase("""{"estimated_calls":1,"model":"\ud800"}""", 400, "invalid_body")]
    [TestCase("""{"model":"fake/echo-1"}""", 400, "invalid_messages")]
    [TestCase("[]", 400, "invalid_body")]
    [TestCase("7", 400, "invalid_body")]
    [TestCase("{", 400, "invalid_body")]
    public async Task A_quote_refuses_what_a_call_would_refuse(string body, int status, string code)
    {
        var answer = await QuoteAsync(body);

        Assert.That((answer.Status, answer.Code), Is.EqualTo((status, code)));
    }

    [TestCase(100, 200)]
    [TestCase(101, 400)]
    public async Task A_list_has_at_most_a_hundred_items(int count, int status)
    {
        var list = string.Join(',', Enumerable.Repeat($$"""{"estimated_calls":1,"model":"{{Model}}"}""", count));

        Assert.That((await QuoteAsync($"[{list}]")).Status, Is.EqualTo(status));
    }

    private async Task<Answer> QuoteAsync(string body, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/quotes") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new("Bearer", key ?? Key);
        using var response = await Client.SendAsync(request);
        return await Answer.ReadAsync(response);
    }
}
