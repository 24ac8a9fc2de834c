using NUnit.Framework;

namespace Gateway.Tests.EndToEnd.Telemetry;

/// <summary>The caller's trace goes on in the gateway's spans, and the gateway's in the upstream's: https://www.w3.org/TR/trace-context/</summary>
internal sealed class TraceContextTests : TelemetryFixture
{
    [Test]
    public async Task The_server_span_is_below_the_callers()
    {
        var caller = Caller.New();

        var answer = await SendAsync(Request("count=1").Body, headers: [("traceparent", caller.TraceParent), ("tracestate", "vendor=1,other=a:b")]);

        var trace = await Receiver.TraceAsync(caller.TraceId);
        trace.IsWhole(caller.SpanId);
        Assert.That((await ReceiptAsync(answer))["traceId"]!.GetValue<string>(), Is.EqualTo(caller.TraceId));
        Assert.That(trace.Server.TraceState, Is.EqualTo("vendor=1,other=a:b"));
    }

    [Test]
    public async Task The_upstreams_parent_is_the_attempt([Values("", ",\"stream\":true")] string members)
    {
        var (id, body) = Request("count=1", members);

        var (_, trace) = await TraceAsync(body, headers: [("tracestate", "vendor=1"), ("baggage", "secret=1")]);

        var sent = Upstream.Calls[id].Headers;
        Assert.That(sent["traceparent"], Is.EqualTo($"00-{trace.Server.TraceId}-{trace.Attempts.Single().SpanId}-01"));
        Assert.That(sent["tracestate"], Is.EqualTo("vendor=1"));
        Assert.That(sent, Does.Not.ContainKey("baggage").And.Not.ContainKey("correlation-context").And.Not.ContainKey("request-id"));
    }

    [Test]
    public async Task Without_a_caller_a_trace_begins_here()
    {
        var (id, body) = Request("count=1");

        var answer = await SendAsync(body);

        var traceId = (await ReceiptAsync(answer))["traceId"]!.GetValue<string>();
        (await Receiver.TraceAsync(traceId)).IsWhole();
        Assert.That(Upstream.Calls[id].Headers["traceparent"], Does.StartWith($"00-{traceId}-").And.EndWith("-01"));
        Assert.That(Upstream.Calls[id].Headers, Does.Not.ContainKey("tracestate"));
    }

    [TestCase("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    [TestCase("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01")]
    [TestCase("00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01")]
    [TestCase("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [TestCase("0af7651916cd43dd8448eb211c80319c")]
    [TestCase("null")]
    public async Task What_is_no_traceparent_begins_a_new_trace(string traceParent)
    {
        var (id, body) = Request("count=1");

        var answer = await SendAsync(body, headers: ("traceparent", traceParent));

        var traceId = (await ReceiptAsync(answer))["traceId"]!.GetValue<string>();
        (await Receiver.TraceAsync(traceId)).IsWhole();
        Assert.That(traceId, Does.Match("^[0-9a-f]{32}$").And.Not.EqualTo("0af7651916cd43dd8448eb211c80319c"));
        Assert.That(Upstream.Calls[id].Headers["traceparent"], Does.StartWith($"00-{traceId}-"));
    }

    [Test]
    public async Task A_trace_that_its_caller_does_not_record_is_passed_on_and_not_exported()
    {
        var caller = Caller.New();
        var (id, body) = Request("count=1");

        var answer = await SendAsync(body, headers: ("traceparent", $"00-{caller.TraceId}-{caller.SpanId}-00"));

        await TraceAsync(Request("count=1").Body);
        Assert.That(Receiver.Spans.Select(static span => span.TraceId), Has.No.Member(caller.TraceId), "spans of a later call have come, and none of this one");
        Assert.That(Upstream.Calls[id].Headers["traceparent"], Does.StartWith($"00-{caller.TraceId}-").And.EndWith("-00"));
        Assert.That((await ReceiptAsync(answer))["traceId"]!.GetValue<string>(), Is.EqualTo(caller.TraceId));
    }

    [TestCase("/health/live")]
    [TestCase("/metrics")]
    public async Task Probes_and_scrapes_make_no_span(string path)
    {
        var caller = Caller.New();
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("traceparent", caller.TraceParent);

        using var answer = await Client.SendAsync(request);

        Assert.That((int)answer.StatusCode, Is.EqualTo(200));
        await TraceAsync(Request("count=1").Body);
        Assert.That(Receiver.Spans.Select(static span => span.TraceId), Has.No.Member(caller.TraceId));
    }
}
