using System.Text;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd.Telemetry;

/// <summary>A gateway that exports nothing stands in the middle of other people's traces, and says nothing.</summary>
internal sealed class WithoutTelemetryTests : EndToEndFixture
{
    [Test]
    public async Task The_callers_trace_is_passed_on_as_it_is()
    {
        var caller = Caller.New();
        var (id, body) = Request("count=1");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("traceparent", caller.TraceParent);
        request.Headers.Add("tracestate", "vendor=1");
        request.Headers.Add("baggage", "secret=1");

        using var response = await Client.SendAsync(request);
        var answer = await Answer.ReadAsync(response);

        var sent = Upstream.Calls[id].Headers;
        Assert.That((sent["traceparent"], sent["tracestate"], sent.ContainsKey("baggage")), Is.EqualTo((caller.TraceParent, "vendor=1", false)));
        Assert.That((await ReceiptAsync(answer))["traceId"]!.GetValue<string>(), Is.EqualTo(caller.TraceId));
    }

    [Test]
    public async Task A_caller_without_a_trace_gets_none()
    {
        var (id, body) = Request("count=1");

        var answer = await PostAsync(body);

        Assert.That(Upstream.Calls[id].Headers, Does.Not.ContainKey("traceparent"));
        Assert.That((await ReceiptAsync(answer))["traceId"], Is.Null);
    }
}
