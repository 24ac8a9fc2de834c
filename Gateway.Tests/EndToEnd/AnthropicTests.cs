using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>Clients of chat completions and of Anthropic's messages, on channels of either API.</summary>
internal sealed class AnthropicTests : EndToEndFixture
{
    private const string Claude = "fake/claude";

    // 24 prompt tokens at 1.4 and 10 completion tokens at 2.8 a million.
    private const decimal Cost = 0.0000616m;

    private static readonly string Words = string.Join(' ', Enumerable.Repeat("a", 10));

    [OneTimeSetUp]
    public async Task AddAnthropicChannel()
    {
        await Gateway.CreateModelAsync("claude", "official");
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", "claude", "claude-up", ",\"preset\":\"anthropic\"");
    }

    [Test]
    public async Task A_messages_client_is_answered_in_its_own_shape_and_told_the_cost([Values(Claude, Model)] string model, [Values] bool streamed)
    {
        var (id, body) = Request("in=24;count=10", $",\"max_tokens\":100{(streamed ? ",\"stream\":true" : "")}", model);

        var answer = await MessagesAsync(body);

        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        var receipt = await ReceiptAsync(answer);
        var usage = streamed ? Events(answer, "message_delta").Single()["usage"]! : answer.Json["usage"]!;
        Assert.That(receipt["cost"]!.GetValue<decimal>(), Is.EqualTo(Cost));
        Assert.That((usage["output_tokens"]!.GetValue<long>(), usage["cost"]!.GetValue<decimal>()), Is.EqualTo((10L, Cost)));
        Assert.That(usage["paid_by"]![0]!["kind"]!.GetValue<string>(), Is.EqualTo("credit"));
        Assert.That(Upstream.Calls[id].Json["model"]!.GetValue<string>(), Is.EqualTo(model == Claude ? "claude-up" : "echo-1"));
        if (!streamed)
        {
            Assert.That((answer.Json["type"]!.GetValue<string>(), answer.Json["stop_reason"]!.GetValue<string>(), answer.Json["content"]![0]!["text"]!.GetValue<string>()), Is.EqualTo(("message", "end_turn", Words)));
            Assert.That(usage["input_tokens"]!.GetValue<long>(), Is.EqualTo(24));
            return;
        }

        Assert.That(answer.Text, Does.StartWith("event: message_start\n").And.EndsWith("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
        Assert.That(string.Concat(Events(answer, "content_block_delta").Select(static e => e["delta"]!["text"]!.GetValue<string>())), Is.EqualTo(Words));
    }

    [Test]
    public async Task A_chat_client_of_an_Anthropic_channel_sees_chunks_and_pays_for_the_same_tokens([Values] bool streamed)
    {
        var (id, body) = Request("in=4;read=15;write=5;count=10", streamed ? ",\"stream\":true,\"stream_options\":{\"include_usage\":true}" : "", Claude);

        var answer = await PostAsync(body);

        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        var receipt = await ReceiptAsync(answer);
        var usage = (streamed ? JsonNode.Parse(answer.Events[^2])! : answer.Json)["usage"]!;
        Assert.That((usage["prompt_tokens"]!.GetValue<long>(), usage["prompt_tokens_details"]!["cached_tokens"]!.GetValue<long>(), usage["completion_tokens"]!.GetValue<long>()), Is.EqualTo((24L, 15L, 10L)));
        Assert.That(usage["cost"]!.GetValue<decimal>(), Is.EqualTo(receipt["cost"]!.GetValue<decimal>()).And.GreaterThan(0));
        Assert.That((receipt["usage"]!["inputTokens"]!.GetValue<long>(), receipt["usage"]!["outputTokens"]!.GetValue<long>()), Is.EqualTo((24L, 10L)));
        Assert.That(Upstream.Calls[id].Json["max_tokens"]!.GetValue<long>(), Is.LessThanOrEqualTo(4096));
        if (streamed)
            Assert.That(answer.Events[^1], Is.EqualTo("[DONE]"));
        else
            Assert.That(answer.Json["choices"]![0]!["message"]!["content"]!.GetValue<string>(), Is.EqualTo(Words));
    }

    [Test]
    public async Task Tool_calls_cross_over_both_ways([Values] bool streamed)
    {
        var stream = streamed ? ",\"stream\":true" : "";
        var toChat = await PostAsync(Request("mode=tools", stream, Claude).Body);
        var toMessages = await MessagesAsync(Request("mode=tools", ",\"max_tokens\":100" + stream).Body);

        var calls = streamed
            ? string.Concat(toChat.Events.SkipLast(1).Select(static e => JsonNode.Parse(e)!["choices"]!.AsArray()).Where(static c => c.Count > 0).Select(static c => c[0]!["delta"]?["tool_calls"]?[0]!["function"]!["arguments"]!.GetValue<string>()))
            : toChat.Json["choices"]![0]!["message"]!["tool_calls"]![0]!["function"]!["arguments"]!.GetValue<string>();
        var input = streamed
            ? string.Concat(Events(toMessages, "content_block_delta").Select(static e => e["delta"]!["partial_json"]!.GetValue<string>()))
            : toMessages.Json["content"]![0]!["input"]!.ToJsonString();
        Assert.That(JsonNode.DeepEquals(JsonNode.Parse(calls), JsonNode.Parse("""{"city":"Paris"}""")), toChat.Text);
        Assert.That(JsonNode.DeepEquals(JsonNode.Parse(input), JsonNode.Parse("""{"city":"Paris"}""")), toMessages.Text);
    }

    [Test]
    public async Task Tokens_are_counted_by_the_provider_where_it_can_and_by_the_gateway_elsewhere()
    {
        var before = await PostedAsync();
        var native = await MessagesAsync($$"""{"model":"{{Claude}}","messages":[{"role":"user","content":"fake:in=77"}]}""", "/v1/messages/count_tokens");
        var own = await MessagesAsync($$"""{"model":"{{Model}}","messages":[{"role":"user","content":"Hello there, how are you?"}]}""", "/v1/messages/count_tokens");

        Assert.That((native.Status, native.Text), Is.EqualTo((200, """{"input_tokens":77}""")));
        Assert.That(own.Json["input_tokens"]!.GetValue<long>(), Is.InRange(8, 30));
        Assert.That(await PostedAsync(), Is.EqualTo(before), "it costs nothing");
    }

    [TestCase("/v1/messages")]
    [TestCase("/v1/messages/count_tokens")]
    public async Task Errors_have_Anthropics_shape_and_the_gateways_code(string path)
    {
        var unknown = await MessagesAsync("""{"model":"fake/none","max_tokens":9,"messages":[{"role":"user","content":"x"}]}""", path);
        var nobody = await MessagesAsync("{}", path, key: "tw_wrong");
        var broken = await MessagesAsync("{", path);

        Assert.That((unknown.Status, Error(unknown)), Is.EqualTo((400, "error|invalid_request_error|unknown_model")));
        Assert.That((nobody.Status, Error(nobody)), Is.EqualTo((401, "error|authentication_error|invalid_api_key")));
        Assert.That((broken.Status, Error(broken)), Is.EqualTo((400, "error|invalid_request_error|invalid_body")));
        Assert.That(unknown.Header("request-id"), Is.EqualTo(unknown.Header("x-request-id")).And.EqualTo(unknown.Json["request_id"]!.GetValue<string>()));
    }

    private static string Error(Answer answer) => $"{answer.Json["type"]}|{answer.Json["error"]!["type"]}|{answer.Json["error"]!["code"]}";

    private static IEnumerable<JsonNode> Events(Answer answer, string name) =>
        answer.Text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Where(e => e.StartsWith($"event: {name}\n", StringComparison.Ordinal))
            .Select(static e => JsonNode.Parse(e[(e.IndexOf("data: ", StringComparison.Ordinal) + 6)..])!);

    // As Anthropic's SDKs authenticate.
    private async Task<Answer> MessagesAsync(string body, string path = "/v1/messages", string? key = null)
    {
        using var client = new HttpClient { BaseAddress = Gateway.Address, Timeout = TimeSpan.FromSeconds(30) };
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("x-api-key", key ?? Key);
        request.Headers.Add("anthropic-version", "2023-06-01");
        using var response = await client.SendAsync(request);
        return await Answer.ReadAsync(response);
    }
}
