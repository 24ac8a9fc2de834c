using NUnit.Framework;

namespace Gateway.Tests.EndToEnd.Telemetry;

/// <summary>What leaves by default: log records that belong to their traces, and of no call what was said, nor any secret.</summary>
internal sealed class OtlpPrivacyTests : TelemetryFixture
{
    private const string PromptMark = "mark-of-the-prompt-7f3a";
    private const string CredentialMark = "sk-mark-of-the-credential-5c1d";
    private const string QueryMark = "mark-of-the-query-9e2b";

    protected override (string Name, string Value)[] Settings =>
    [
        .. base.Settings,
        ("Logging__LogLevel__Default", "Debug"),
        ("Logging__LogLevel__Microsoft", "Debug"),
        ("Logging__LogLevel__Yarp", "Debug"),
        ("Logging__LogLevel__Gateway.Requests", "Information"),
    ];

    [OneTimeSetUp]
    public async Task AddSecrets()
    {
        await Gateway.CreateModelAsync("secret", "official");
        await Gateway.PostAsync(
            "/api/channels",
            $$"""{"name":"secret","provider":"fake","baseUrl":"{{Upstream.BaseUrl}}","apiKey":"{{CredentialMark}}","routeType":"official","allowPrivateAddress":true,"models":[{"model":"secret","upstreamModel":"secret-up"}]}""");
    }

    [Test]
    public async Task Neither_keys_nor_credentials_nor_prompts_nor_answers_leave()
    {
        foreach (var (script, members) in new[] { ("count=3", ""), ("count=3", ",\"stream\":true"), ("status=500", ""), ("mode=break;count=3", ",\"stream\":true") })
        {
            var body = Request(script, members, "fake/secret").Body.Replace("fake:id", $"{PromptMark} fake:id", StringComparison.Ordinal);
            var (_, trace) = await TraceAsync(body, $"{Chat}?api_key={QueryMark}");
            Assert.That(trace.Attempts.SelectMany(static attempt => attempt.Attributes), Is.Not.Empty);
        }

        await TraceAsync("{\"model\":\"fake/secret\",\"messages\":\"" + PromptMark);
        await TraceAsync(Request().Body, key: "tw_" + PromptMark);
        var marks = new[] { PromptMark, CredentialMark, QueryMark, Key, GatewayProcess.AdminKey, "sk-canary", "a a a" };
        var exports = Receiver.Lines.Where(static line => line.Contains(nameof(OtlpPrivacyTests), StringComparison.Ordinal)).ToList();
        var leaks = exports.Concat(Gateway.Output).Concat(Gateway.Errors).SelectMany(line => marks.Select(mark => Around(line, mark)).OfType<string>());
        Assert.That(leaks, Is.Empty);
        Assert.That(exports, Has.Some.Contain("secret-up").And.Some.Contain("\"signal\":\"logs\""), "the calls are there");
        Assert.That(exports, Has.None.Contain("gen_ai.input.messages").And.None.Contain("gen_ai.output.messages"));
    }

    [Test]
    public async Task A_log_record_of_a_call_carries_its_trace()
    {
        var (answer, trace) = await TraceAsync(Request("count=1", model: "fake/secret").Body);

        var record = await Receiver.WaitAsync(receiver => receiver.Logs.FirstOrDefault(log => log.Scope == "Gateway.Requests" && log.TraceId == trace.Server.TraceId), "The line of the call");
        Assert.That(trace.Spans.Select(static span => span.SpanId), Does.Contain(record.SpanId));
        Assert.That((record.Severity, record.Attributes["ReceiptId"]!.ToString()), Is.EqualTo((9, answer.Header("x-gateway-receipt"))));
        Assert.That(record.Resource["service.name"]!.ToString(), Is.EqualTo("gateway"));
    }

    private static string? Around(string line, string mark)
    {
        var at = line.IndexOf(mark, StringComparison.Ordinal);
        return at < 0 ? null : line[Math.Max(0, at - 300)..Math.Min(line.Length, at + 300)];
    }
}
