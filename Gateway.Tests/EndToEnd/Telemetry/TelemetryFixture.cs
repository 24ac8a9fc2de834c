using System.Security.Cryptography;
using System.Text;

namespace Gateway.Tests.EndToEnd.Telemetry;

/// <summary>A gateway that exports to the receiver, and calls whose traces the tests can find.</summary>
internal abstract class TelemetryFixture : EndToEndFixture
{
    protected const string Chat = "/v1/chat/completions";

    protected static OtlpReceiver Receiver => TelemetryReceiver.Receiver;

    protected override (string Name, string Value)[] Settings => TelemetryReceiver.Exporting(GetType().Name);

    /// <summary>The fixture's own metrics, the newest of each name.</summary>
    protected OtlpMetric? Metric(string name) => Receiver.Metric(GetType().Name, name);

    /// <summary>Sends a body as a client whose trace begins elsewhere; its answer, and the trace once that has come.</summary>
    protected async Task<(Answer Answer, OtlpTrace Trace)> TraceAsync(string body, string path = Chat, string? key = null, params (string Name, string Value)[] headers)
    {
        var caller = Caller.New();
        var answer = await SendAsync(body, path, key, [("traceparent", caller.TraceParent), .. headers]);
        var trace = await Receiver.TraceAsync(caller.TraceId);
        trace.IsWhole(caller.SpanId);
        return (answer, trace);
    }

    protected async Task<Answer> SendAsync(string body, string path = Chat, string? key = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (key is not null)
            request.Headers.Authorization = new("Bearer", key);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await Client.SendAsync(request);
        return await Answer.ReadAsync(response);
    }
}

/// <summary>A span of a client's own, below which the gateway's come.</summary>
internal sealed record Caller(string TraceId, string SpanId)
{
    /// <summary>As the client sends it; sampled.</summary>
    public string TraceParent => $"00-{TraceId}-{SpanId}-01";

    public static Caller New() => new(RandomNumberGenerator.GetHexString(32, lowercase: true), RandomNumberGenerator.GetHexString(16, lowercase: true));
}
