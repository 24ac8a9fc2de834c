using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Tests.EndToEnd;
using Gateway.Tests.Fakes;
using NUnit.Framework;

namespace Gateway.Tests.Telemetry;

/// <summary>A gateway that logs all there is but Trace, to the console as JSON and by OTLP.</summary>
[NonParallelizable]
internal sealed class LogSecrecyTests
{
    private const string Prompt = "xylophone-prompt";
    private const string Credential = "xylophone-credential";
    private const string Wrong = "xylophone-wrong-key";
    private const string Answer = "xylophone-answer";
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";

    private static readonly string[] Categories =
        ["Default", "Microsoft", "Yarp", "System.Net.Http", "Gateway.Requests", "Microsoft.AspNetCore.Hosting.Diagnostics", "Microsoft.AspNetCore.Server.Kestrel.BadRequests"];

    private string key = "";
    private string sent = "";
    private IReadOnlyList<string> printed = [];

    [OneTimeSetUp]
    public async Task CallAndEnd()
    {
        await using var upstream = new RawUpstream();
        Script(upstream);
        await using var receiver = await LogReceiver.StartAsync();
        await using var gateway = await GatewayProcess.StartAsync(
        [
            .. Categories.Select(static category => ($"Logging__LogLevel__{category}", "Debug")),
            ("Logging__Console__FormatterName", "json"),
            ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", receiver.Endpoint),
            ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "http/protobuf"),
        ]);
        await CreateAsync(gateway, upstream);
        key = await gateway.KeyWithCreditAsync();

        using var client = new HttpClient { BaseAddress = gateway.Address };
        foreach (var model in (string[])["sound", "echo", "broken", "away"])
        {
            await PostAsync(client, key, Body(model));
            await PostAsync(client, key, Body(model, ""","stream":true"""));
        }

        await PostAsync(client, Wrong, Body("sound"));
        await PostAsync(client, key, Body("sound")[..^5]);
        await PostAsync(client, key, Body("sound", $$""","max_tokens":"{{Prompt}}" """));
        await PostAsync(client, key, Body("none"));
        await SendBrokenHeadAsync(gateway.Address, $"Authorization : Bearer {key}\r\n");
        await SendBrokenHeadAsync(gateway.Address, $"{Wrong} {key}\r\n");

        await gateway.TerminateAsync();
        Assert.That(await gateway.EndAsync(), Is.Zero);

        // The example call of a gateway without channels is no line of the log.
        printed = [.. gateway.Output.Where(static line => !line.StartsWith("curl ", StringComparison.Ordinal)), .. gateway.Errors];
        sent = receiver.Text;
    }

    [Test]
    public void The_log_holds_no_key_no_prompt_no_answer_and_no_credential()
    {
        foreach (var text in (string[])[string.Join('\n', printed), sent])
        {
            Assert.That(text, Does.Contain("/v1/chat/completions"), "The log was on.");
            foreach (var secret in (string[])[Prompt, Credential, Wrong, Answer, key, GatewayProcess.AdminKey])
                Assert.That(Around(text, secret), Is.Null);
        }
    }

    [Test]
    public void Each_line_of_the_JSON_console_parses_and_has_the_values_of_its_message()
    {
        var lines = printed.Select(static line => JsonNode.Parse(line)!).ToList();

        Assert.That(lines.Any(static line => line["State"]?["StatusCode"]?.GetValue<int>() == 401), Is.True);
        Assert.That(lines.All(static line => line["Category"] is not null && line["Message"] is not null), Is.True);
    }

    [Test]
    public void A_line_that_is_written_in_a_trace_has_its_id()
    {
        var scopes = printed.SelectMany(static line => JsonNode.Parse(line)!["Scopes"]?.AsArray() ?? []);

        Assert.That(scopes.Any(static scope => scope is JsonObject values && values["TraceId"]?.GetValue<string>() == TraceId), Is.True);
    }

    private static void Script(RawUpstream upstream)
    {
        upstream.Script("sound", static call => call.WriteAsync(call.Stream
            ? RawAnswers.EventStream + RawAnswers.Role + RawAnswers.Content(Answer) + RawAnswers.Finish + RawAnswers.UsageChunk() + RawAnswers.Done
            : RawAnswers.Plain(RawAnswers.Body(text: Answer))));
        upstream.Script("echo", static call => call.WriteAsync(RawAnswers.Plain(
            $$$"""{"error":{"message":"Cannot read {{{Prompt}}} of Bearer {{{Credential}}}","type":"invalid_request_error"}}""", "400 Bad Request")));
        upstream.Script("broken", static call => call.WriteAsync(call.Stream
            ? RawAnswers.EventStream + RawAnswers.Content(Answer) + $"data: {{\"{Answer}\n\n"
            : RawAnswers.Plain($"{{\"{Answer}")));
    }

    private static async Task CreateAsync(GatewayProcess gateway, RawUpstream upstream)
    {
        foreach (var model in (string[])["sound", "echo", "broken", "away"])
        {
            await gateway.CreateModelAsync(model, "ordinary");
            var address = model == "away" ? upstream.RefusingUrl : upstream.BaseUrl;
            await gateway.PostAsync(
                "/api/channels",
                $$"""{"name":"raw-{{model}}","provider":"fake","baseUrl":"{{address}}","apiKey":"{{Credential}}","routeType":"ordinary","allowPrivateAddress":true,"models":[{"model":"{{model}}","upstreamModel":"{{model}}"}]}""");
        }

        using var client = new HttpClient { BaseAddress = gateway.Address };
        await PostAsync(client, GatewayProcess.AdminKey, $$"""{"name":7,"apiKey":"{{Credential}}"}""", "/api/channels");
    }

    private static string Body(string model, string members = "") => $$"""{"model":"fake/{{model}}","messages":[{"role":"user","content":"{{Prompt}}"}]{{members}}}""";

    private static async Task PostAsync(HttpClient client, string key, string body, string path = "/v1/chat/completions")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        request.Headers.Add("traceparent", $"00-{TraceId}-b7ad6b7169203331-01");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        try
        {
            await response.Content.ReadAsStringAsync();
        }
        catch (HttpRequestException)
        {
            // The stream broke, as its script wants.
        }
    }

    private static async Task SendBrokenHeadAsync(Uri address, string line)
    {
        using var raw = await RawHttp.SendAsync(address, Encoding.Latin1.GetBytes($"GET /v1/models HTTP/1.1\r\nHost: x\r\n{line}\r\n"));
        Assert.That((await raw.AnswerAsync()).Status, Is.EqualTo(400));
    }

    // Where it stands, for the failure's text.
    private static string? Around(string text, string secret)
    {
        var at = text.IndexOf(secret, StringComparison.Ordinal);
        return at < 0 ? null : text[Math.Max(0, at - 300)..Math.Min(text.Length, at + 100)];
    }
}
