using System.Text;
using Gateway.Tests.Fakes;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd.Telemetry;

/// <summary>What was measured just before the end is exported.</summary>
[NonParallelizable]
internal sealed class OtlpFlushTests
{
    [Test]
    public async Task A_gateway_that_is_told_to_stop_exports_the_spans_of_its_last_calls()
    {
        await using var upstream = await FakeUpstream.StartAsync();
        await using var gateway = await GatewayProcess.StartAsync(
        [
            .. TelemetryReceiver.Exporting(nameof(OtlpFlushTests)).Where(static setting => !setting.Name.EndsWith("DELAY", StringComparison.Ordinal) && !setting.Name.EndsWith("INTERVAL", StringComparison.Ordinal)),
            ("OTEL_BSP_SCHEDULE_DELAY", "3600000"), ("OTEL_BLRP_SCHEDULE_DELAY", "3600000"), ("OTEL_METRIC_EXPORT_INTERVAL", "3600000"),
        ]);
        await gateway.CreateModelAsync("m", "ordinary");
        await gateway.CreateChannelAsync(upstream.BaseUrl, "ordinary", "m", "m-up");
        using var client = new HttpClient { BaseAddress = gateway.Address };
        client.DefaultRequestHeaders.Authorization = new("Bearer", await gateway.KeyWithCreditAsync());
        var callers = Enumerable.Range(0, 20).Select(static _ => Caller.New()).ToList();

        await Task.WhenAll(callers.Select(async caller =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent("""{"model":"fake/m","messages":[{"role":"user","content":"fake:id=flush;count=1"}]}""", Encoding.UTF8, "application/json") };
            request.Headers.Add("traceparent", caller.TraceParent);
            using var answer = await client.SendAsync(request);
            Assert.That((int)answer.StatusCode, Is.EqualTo(200));
        }));
        Assert.That(TelemetryReceiver.Receiver.Spans.Select(static span => span.TraceId), Has.No.Member(callers[0].TraceId), "nothing is sent before it is told to stop");
        await gateway.TerminateAsync();

        Assert.That(await gateway.EndAsync(), Is.Zero);
        foreach (var caller in callers)
            (await TelemetryReceiver.Receiver.TraceAsync(caller.TraceId)).IsWhole(caller.SpanId);
        var operations = await TelemetryReceiver.Receiver.WaitAsync(static receiver => receiver.Metric(nameof(OtlpFlushTests), "gen_ai.client.operation.duration"), "The metrics");
        Assert.That(operations.Points.Single().Count, Is.EqualTo(callers.Count));
    }
}
