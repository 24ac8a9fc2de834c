using System.Text;
using System.Text.Json.Nodes;
using Gateway.Host.Api.ProxyRules;
using NUnit.Framework;

namespace Gateway.Tests.Api;

internal sealed class ProxyRulesDryRunTests : ControlPlaneFixture
{
    private const string Path = "/api/proxy-rules/dry-run";

    // Spacing, spelling of numbers, escapes and unknown fields that only a copy of the bytes keeps.
    private const string Odd = """{ "temperature" : 0.70 ,"model":"p/m", "x_unknown":{"a" : [1e2,"\u0041"]},"messages":[ {"role":"user","content":"Hello"} ] }""";

    [Test]
    public async Task What_no_rule_touches_is_equal_byte_for_byte()
    {
        var (status, text) = await RunAsync($$"""{"tags":[], "body": {{Odd}} }""");

        Assert.That(status, Is.EqualTo(200), text);
        Assert.That(text, Does.Contain($"\"body\":{Odd},"));
        Assert.That(JsonNode.Parse(text)!["rules"]!.AsArray(), Is.Empty);
        Assert.That(JsonNode.Parse(text)!["model"]!.ToJsonString(), Is.EqualTo("""{"requested":"p/m","routed":"p/m"}"""));
    }

    [Test]
    public async Task It_says_what_each_rule_does_in_the_order_in_which_they_run()
    {
        var chain = await CreateRuleAsync("fallback_chain", """{"candidates":[{"provider":"q","model":"o"}],"onStatus":[500],"onTimeoutMs":100,"maxAttempts":2}""");
        var cap = await CreateRuleAsync("max_tokens_cap", """{"maxTokens":5}""");
        var swap = await CreateRuleAsync("model_override", """{"fromModel":"p/m","toModel":"q/m"}""", ""","tag":"cheap" """);

        var (status, text) = await RunAsync($$"""{"body":{{Odd}},"tags":["cheap"],"endpoint":"/v1/chat/completions"}""");

        Assert.That(status, Is.EqualTo(200), text);
        var answer = JsonNode.Parse(text)!;
        Assert.That(text, Does.Contain($"\"body\":{Odd.Replace("p/m", "q/m", StringComparison.Ordinal).Replace("} ] }", "} ],\"max_tokens\":5 }", StringComparison.Ordinal)},"));
        Assert.That(answer["rules"]!.AsArray().Select(static rule => rule!["id"]!.GetValue<string>()), Is.EqualTo(new[] { swap, cap, chain }));
        Assert.That(answer["rules"]![0]!["effect"]!.ToJsonString(), Is.EqualTo("""{"from":"p/m","to":"q/m"}"""));
        Assert.That(answer["rules"]![1]!["type"]!.GetValue<string>(), Is.EqualTo("max_tokens_cap"));
        Assert.That(answer["model"]!.ToJsonString(), Is.EqualTo("""{"requested":"p/m","routed":"q/m"}"""));
        Assert.That(answer["outputCap"]!.GetValue<long>(), Is.EqualTo(5));
        Assert.That(answer["fallback"]!.ToJsonString(), Is.EqualTo("""{"candidates":["q/o"],"onStatus":[500],"onTimeoutMs":100,"maxAttempts":2}"""));
        Assert.That(answer["promptTokens"]!["before"]!.GetValue<long>(), Is.EqualTo(answer["promptTokens"]!["after"]!.GetValue<long>()).And.Positive);
    }

    [Test]
    public async Task Rules_of_another_workspace_or_tag_do_not_run()
    {
        await CreateRuleAsync("max_tokens_cap", """{"maxTokens":5}""", workspace: "ws_b");
        await CreateRuleAsync("max_tokens_cap", """{"maxTokens":6}""", ""","tag":"other" """);

        var (_, text) = await RunAsync($$"""{"body":{{Odd}},"tags":["cheap"]}""");

        Assert.That(JsonNode.Parse(text)!["rules"]!.AsArray(), Is.Empty);
    }

    [TestCase("{}", "body")]
    [TestCase("""{"body":null}""", "body")]
    [TestCase("""{"body":[]}""", "body")]
    [TestCase("""{"body":"text"}""", "body")]
    [TestCase("""{"body":{"model":"p/m"}}""", "body")]
    [TestCase("""{"body":{"model":"p/m","messages":{}}}""", "body")]
    [TestCase("""{"body":{"model":"p/m","model":"p/n","messages":[{"role":"user","content":"a"}]}}""", "body")]
    [TestCase("""{"body":{"model":"p/unknown","messages":[{"role":"user","content":"a"}]}}""", "body")]
    [TestCase("""{"body":{"model":"m","messages":[{"role":"user","content":"a"}]}}""", "body")]
    [TestCase("""{"body":{},"body":{}}""", "body")]
    [TestCase("""{"body":{},"tags":"a"}""", "tags")]
    [TestCase("""{"body":{},"tags":["a b"]}""", "tags[0]")]
    [TestCase("""{"body":{},"tags":[1]}""", "tags[0]")]
    [TestCase("""{"body":{},"tags":[{33}]}""", "tags")]
    [TestCase("""{"body":{},"endpoint":"/v1/embeddings"}""", "endpoint")]
    [TestCase("""{"body":{},"endpoint":1}""", "endpoint")]
    [TestCase("""{"body":{},"key":"k"}""", "key")]
    [TestCase("[]", "")]
    [TestCase("{", "")]
    [TestCase("", "")]
    [TestCase("""{"body":{}} {}""", "")]
    [TestCase("""{"body":{{deep}}}""", "body")]
    [TestCase("""{"body":{{deeper}}}""", "")]
    public async Task A_request_that_is_not_one_is_refused_by_field(string body, string field)
    {
        body = body.Replace("{33}", string.Join(',', Enumerable.Range(0, 33).Select(static i => $"\"t{i}\"")), StringComparison.Ordinal)
            .Replace("{{deep}}", Deep(100), StringComparison.Ordinal).Replace("{{deeper}}", Deep(2_000), StringComparison.Ordinal);

        var (status, text) = await RunAsync(body);

        Assert.That((status, ErrorsOf(JsonNode.Parse(text)!).Keys.Single()), Is.EqualTo((400, field)), text);

        static string Deep(int levels) => $$"""{"model":"p/m","messages":[{"role":"user","content":"a"}],"x":{{new string('[', levels)}}{{new string(']', levels)}}}""";
    }

    [Test]
    public async Task Thirty_two_tags_are_taken()
    {
        var tags = string.Join(',', Enumerable.Range(0, 32).Select(static i => $"\"t{i}\""));

        Assert.That((await RunAsync($$"""{"body":{{Odd}},"tags":[{{tags}}]}""")).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task A_body_may_have_32_MiB_and_not_a_byte_more([Values] bool chunked)
    {
        var json = $$"""{"body":{{Odd}}}""";
        var largest = json + new string(' ', DryRun.MostBodyBytes - json.Length);

        Assert.That((await RunAsync(largest, chunked)).Status, Is.EqualTo(200));
        Assert.That((await RunAsync(largest + " ", chunked)).Status, Is.EqualTo(413));
    }

    [Test]
    public async Task Only_json_is_read()
    {
        using var content = new StringContent($$"""{"body":{{Odd}}}""", Encoding.UTF8, "text/plain");
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = content };
        request.Headers.Add("x-api-key", Admin);

        Assert.That((int)(await Client.SendAsync(request)).StatusCode, Is.EqualTo(415));
    }

    [Test]
    public async Task Responses_have_no_messages()
    {
        const string Body = """{"model":"p/m","input":"Hello"}""";

        var (status, text) = await RunAsync($$"""{"body":{{Body}},"endpoint":"/v1/responses"}""");

        Assert.That((status, JsonNode.Parse(text)!["body"]!.ToJsonString()), Is.EqualTo((200, Body)), text);
    }

    private async Task<(int Status, string Text)> RunAsync(string body, bool chunked = false)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = content };
        request.Headers.Add("x-api-key", Admin);
        request.Headers.TransferEncodingChunked = chunked;
        using var answer = await Client.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
